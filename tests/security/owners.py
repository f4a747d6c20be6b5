"""People who have one of each thing that there is to be had, and how a route of the matrix is asked about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, Self

import httpx2
from PIL import Image

from tests.markets import Market, Person
from tests.security.matrix import CONTACT, MATRIX, METHOD, PLACE, PRICE, PROMOTION, SALE, filled
from tradewind.kernel.ids import new_id

PASSWORD: Final = "a matrix of many rows"
HEARD: Final = "INSERT INTO reviews.product (product_id) VALUES ($1) ON CONFLICT DO NOTHING"
"""What its subscriber writes; nobody carries events in a quiet market."""
MADE_UP: Final = tuple(
    f"{thing}_id"
    for thing in "order cart address review session shipment user sale category image return message book promotion "
    "subscription payment_method reservation transfer stocktake backorder purchase".split()
)
"""Of these an id is made up for whoever has none."""


@dataclass(frozen=True)
class Owner:
    """Somebody who has one of each thing; `ids` name what is theirs, and what there is beside it."""

    person: Person
    sku: str
    ids: Mapping[str, str]
    spare: Mapping[str, str]
    """Other ones of some of them."""

    @classmethod
    async def of(cls, market: Market, person: Person, sku: str) -> Self:
        """Let them have what their role can have."""
        ids = {name: str(new_id()) for name in MADE_UP}
        ids |= {
            "provider": "nobody",
            "sku": sku,
            "digest": "0" * 64,
            "code": "NOWHERE",
            "name": "100.webp",
            "carrier": "rest",
            "country": "AQ",
            "customer_id": person.subject,
        }
        ids["product_id"] = await product_of(market, sku)
        ids["order_id"] = await made(person, "/api/v1/orders", order_of(sku))
        ids["cart_id"] = await made(person, "/api/v1/carts")
        await made(person, f"/api/v1/carts/{ids['cart_id']}/lines", {"sku": sku, "qty": 1})
        spare = {"product_id": await product_of(market, await market.goods(stock=0))}
        if not person.subject.startswith("guest"):
            ids["payment_method_id"] = await made(person, "/api/v1/payment-methods", METHOD)
            ids["address_id"] = await made(person, "/api/v1/customers/me/addresses", PLACE)
            profile = {"name": "Victoria Victim", "contactMethods": [CONTACT]}
            assert (await person.send("PATCH", "/api/v1/customers/me", profile, If_Match="*")).status_code == 200
            said = {"stars": 4, "text": "Words."}
            ids["review_id"] = await made(person, f"/api/v1/products/{ids['product_id']}/reviews", said)
            spare["review_id"] = await made(person, f"/api/v1/products/{spare['product_id']}/reviews", said)
            spare["session_id"] = await another_session(person)
        return cls(person, sku, ids, spare)

    def path(self, route: str) -> str:
        """Where what is theirs is found."""
        row, (_, path) = MATRIX[route], route.split(" ")
        return path.format(**{**self.ids, **(self.spare if row.spare else {})}) + row.query


def order_of(sku: str) -> dict[str, Any]:
    """An order that says things that nobody else may read."""
    address = {"country": "GB", "name": "Victoria Victim", "line1": "1 Secret Mews"}
    return {"items": [{"sku": sku, "qty": 7}], "shippingAddress": address}


async def made(person: Person, path: str, body: Any = None) -> str:
    """The id of something new."""
    answer = await person.post(path, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def product_of(market: Market, sku: str) -> str:
    """A product's id. It can be reviewed."""
    product_id = str((await market.nobody.get(f"/api/v1/products/by-sku/{sku}")).json()["id"])
    await market.shop.db.pool.execute(HEARD, product_id)
    return product_id


async def of_merchants(market: Market) -> dict[str, str]:
    """One of each thing that merchants have."""
    promotion = {**PROMOTION, "needsCoupon": True}
    parent = {"sku": "PARENT", "name": "p", "category": "c", "price": PRICE, "optionNames": ["size", "a name"]}
    paths = {
        "category_id": ("/api/v1/categories", {"name": "Of merchants"}),
        "promotion_id": ("/api/v1/promotions", promotion),
        "book_id": ("/api/v1/price-books", {"name": "b", "currency": "EUR"}),
        "sale_id": ("/api/v1/flash-sales", filled(SALE, await market.goods(stock=1))),
        "subscription_id": ("/api/v1/webhook-subscriptions", MATRIX["POST /api/v1/webhook-subscriptions"].body),
        "parent_id": ("/api/v1/products", parent),
    }
    return {name: await made(market.admin, *path) for name, path in paths.items()}


async def an_image(market: Market, owner: Owner) -> str:
    """A picture of the owner's product."""
    picture = BytesIO()
    Image.new("RGB", (64, 64), "teal").save(picture, "PNG")
    headers = {"Authorization": f"Bearer {market.admin.token}", "Content-Type": "image/png"}
    path = f"/api/v1/products/{owner.ids['product_id']}/images"
    answer = await market.http.post(path, content=picture.getvalue(), headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def registered(market: Market) -> Person:
    """A customer who came by registration and login."""
    email = f"{new_id()}@shop.test"
    await market.nobody.post("/api/v1/auth/register", {"email": email, "password": PASSWORD})
    token = await login(market.http, email)
    me = (await Person(market.http, token).get("/api/v1/auth/userinfo")).json()
    return Person(market.http, token, me["sub"])


async def login(http: httpx2.AsyncClient, email: str) -> str:
    """An access token of a new session."""
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    token: str = (await http.post("/api/v1/auth/token", data=form)).json()["access_token"]
    return token


async def another_session(person: Person) -> str:
    """A session that the person has beside the one that they use."""
    await login(person.http, (await person.get("/api/v1/auth/userinfo")).json()["email"])
    sessions = (await person.get("/api/v1/auth/sessions")).json()["items"]
    return next(str(one["id"]) for one in sessions if not one["current"])


async def ask(person: Person, route: str, path: str, sku: str) -> httpx2.Response:
    """What `person` is answered. Of an answer that never ends, the beginning."""
    row, method = MATRIX[route], route.split(" ", maxsplit=1)[0]
    headers = {} if method in ("GET", "POST") else {"If-Match": "*"}
    headers |= {**row.also, **({"Authorization": f"Bearer {person.token}"} if person.token else {})}
    if path.startswith("/sse/"):
        async with person.http.stream(method, path, headers=headers) as answer:
            return answer
    if row.raw:
        return await person.http.request(method, path, content=row.raw, headers=headers)
    return await person.send(method, path, filled(row.body, sku), **headers)
