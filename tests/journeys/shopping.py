"""A story: one shop, one merchant, one shopper at a time, who all speak HTTP and remember what they were told."""

import email
import json
import re
import secrets
import string
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.markets import Market, Person

WITHIN_S: Final = 120.0
LOOK_AGAIN_S: Final = 0.03
PASSWORD: Final = "a fairly long sentence"
GERMANY: Final = {
    "country": "DE", "name": "Ada Example", "line1": "Lange Straße 1", "city": "Berlin", "postalCode": "10115",
}  # fmt: skip
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,}")


def eventually(look: Callable[[], Any]) -> Any:
    """What `look` finds as soon as it finds something: a client outside has but the shop's answers to wait for."""
    until = time.monotonic() + WITHIN_S
    while not (found := look()):
        assert time.monotonic() < until, f"not seen within {WITHIN_S} s"
        time.sleep(LOOK_AGAIN_S)
    return found


def read(answer: httpx2.Response) -> Any:
    """What an answer says, with exact decimals; anything but a 2xx ends the story."""
    asked = answer.request
    assert answer.is_success, f"{asked.method} {asked.url.path}: {answer.status_code} {answer.text}"
    return json.loads(answer.text, parse_float=Decimal) if answer.text else None


@dataclass
class Shopper:
    """Somebody with a token, a cart, a quote and an order, as far as they have come."""

    http: httpx2.Client
    token: str | None = None
    address: str = field(default_factory=lambda: f"{secrets.token_hex(6)}@example.com")
    cart: str = ""
    quote: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Ask with what they have."""
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.http.request(method, path, json=body, headers=headers)

    def told(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What they are told, with exact decimals; anything but a 2xx ends the story."""
        return read(self.send(method, path, body, **headers))

    def become_guest(self) -> None:
        """Take an anonymous token."""
        self.token = self.told("POST", "/api/v1/auth/guest")["access_token"]

    def form(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form, as OAuth does."""
        return self.http.post(path, data=fields)

    def put_into_cart(self, sku: str, quantity: int) -> None:
        """Into their cart, which is opened where there is none."""
        if not self.cart:
            self.cart = self.told("POST", "/api/v1/carts")["id"]
        self.told("POST", f"/api/v1/carts/{self.cart}/lines", {"sku": sku, "qty": quantity})

    def ask_for_quote(self, *coupons: str) -> None:
        """What does it cost to send it to Germany?"""
        wish = {"email": self.address, "shippingAddress": GERMANY, "shippingMethod": "standard", "coupons": [*coupons]}
        self.quote = self.told("POST", f"/api/v1/carts/{self.cart}/quote", wish)

    def check_out(self) -> httpx2.Response:
        """By the quote that they have."""
        body = {"quoteToken": self.quote["token"], "paymentMethod": "simulated:approve"}
        return self.send("POST", f"/api/v1/carts/{self.cart}/checkout", body, Prefer="wait=20")


class Story:
    """What a scenario has come to."""

    def __init__(self, market: Market) -> None:
        self.http = httpx2.Client(base_url=market.urls[0], timeout=60)
        self.mails = Path(market.shop.settings.home) / "mail"
        self.word = "".join(secrets.choice(string.ascii_lowercase) for _ in range(9))
        """Of this story's products alone."""
        self.skus: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.latest = ""
        self.coupon = ""
        self.hits: list[dict[str, Any]] = []
        self.shopper = Shopper(self.http)
        self._sign = market.somebody

    def staff(self, role: str) -> Shopper:
        """Somebody who works here."""
        person: Person = self._sign(role)
        return Shopper(self.http, token=person.token)

    def sell(self, name: str, amount: str, currency: str, stock: int) -> None:
        """A new product, with so many on the shelf."""
        sku = f"{self.word}-{len(self.skus)}".upper()
        price = {"amount": float(amount), "currency": currency}
        body = {"sku": sku, "name": self.named(name), "category": "books", "price": price}
        made = self.staff("merchandiser").told("POST", "/api/v1/products", body)
        self.skus[name], self.ids[name], self.latest = sku, made["id"], name
        delivery = {"delta": stock, "reason": "delivery"}
        shelf = f"/api/v1/inventory/{sku}"
        eventually(lambda: self.staff("warehouse").send("GET", shelf).status_code != 404)
        self.staff("warehouse").told("POST", f"{shelf}/adjustments", delivery)
        eventually(lambda: any(hit["sku"] == sku for hit in self.search(name)))
        eventually(lambda: self.shopper.told("GET", f"/api/v1/products/{made['id']}").get("available") or not stock)

    def named(self, name: str) -> str:
        """Its name in this story."""
        return f"{name} {self.word}"

    def search(self, words: str) -> list[dict[str, Any]]:
        """Look for it among all that there is."""
        path = f"/api/v1/products/search?limit=5&q={words} {self.word}"

        def look() -> httpx2.Response | None:
            answer = self.shopper.send("GET", path)
            return None if answer.status_code == 503 else answer  # a new shop builds its index in its first moments

        self.hits = read(eventually(look))["items"]
        return self.hits

    def mail_to(self, address: str, about: str) -> str:
        """The token in the newest mail to `address` with `about` in its subject, once it is there."""

        def look() -> str | None:
            letters = [_read(path) for path in self.mails.glob("*.eml")]
            mine = [one for one in letters if one["To"] == address and about in str(one["Subject"]).lower()]
            mine.sort(key=lambda one: one["Date"].datetime)
            found = _TOKEN.findall(str(mine[-1].get_content())) if mine else []
            return max(found, key=len) if found else None

        token: str = eventually(look)
        return token

    def order_of(self, shopper: Shopper) -> dict[str, Any]:
        """The order as it is now."""
        seen: dict[str, Any] = shopper.told("GET", f"/api/v1/orders/{shopper.order['id']}")
        return seen

    def lists_order(self, shopper: Shopper) -> bool:
        """Whether the order is among theirs."""
        listed = shopper.told("GET", "/api/v1/orders")["items"]
        return shopper.order["id"] in [one["id"] for one in listed]


def _read(path: Path) -> EmailMessage:
    letter = EmailMessage()
    with suppress(FileNotFoundError):  # another story's, taken away meanwhile
        letter = email.message_from_bytes(path.read_bytes(), policy=default)
    return letter


def adds_up(node: dict[str, Any]) -> bool:
    """Whether a step of a price, and every step within it, is the sum of its parts that applied."""
    parts = [part for part in node.get("parts", ()) if part.get("applied", True)]
    total = sum((Decimal(str(part.get("amount", 0))) for part in parts), Decimal(0))
    return (not parts or total == Decimal(str(node.get("amount", 0)))) and all(map(adds_up, node.get("parts", ())))


def reasons(node: dict[str, Any]) -> str:
    """All that an explanation says."""
    return " ".join([node["label"], node.get("why") or "", *(reasons(part) for part in node.get("parts", ()))])
