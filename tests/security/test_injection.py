"""S3: what attackers write, put into every field of every route: no fault, no leak, no other's row touched."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio

from tests.markets import Market, Person, open_market
from tests.security.corpus import FORGED, LEAKS, NUMBERS, SHORT, TEXTS, Field, escaped, fields, placed
from tests.security.matrix import MATRIX, PRICE, filled
from tests.security.owners import Owner, an_image, made, of_merchants, registered
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings

pytestmark = pytest.mark.xdist_group("security")

CANARY: Final = "Do not touch"
BAIT: Final = "@bait@"
CSP: Final = "default-src 'none'; frame-ancestors 'none'"
PAGES: Final = frozenset({"GET /unsubscribe", "POST /unsubscribe", "GET /admin/messages", "GET /admin/messages.js"})
"""What is shown to people: under a policy of its own that begins with nothing allowed, and never as it was sent."""
CSV: Final = "text/csv; charset=utf-8; header=present"
KINDS: Final = frozenset({"application/json", "application/problem+json", "application/zip", CSV})
FORMS: Final = {
    "POST /api/v1/auth/token": {"grant_type": "password", "username": "a@shop.test", "password": "x"},
    "POST /api/v1/auth/revoke": {"token": "x"},
    "POST /api/v1/auth/backchannel-logout": {"logout_token": "x"},
}
SLOW: Final = ("password", "newPassword", "currentPassword", "username", "email")
"""Fields that lead to a hash that is meant to be slow, or to a count of tries."""
TABLES: Final = "SELECT count(*) FROM pg_tables WHERE schemaname !~ '^pg_'"
STAFF: Final = "SELECT count(*) FROM identity.account WHERE roles && ARRAY['admin']"
BEHIND: Final = """
    SELECT count(*) FROM runtime.position AS p
    WHERE EXISTS (SELECT FROM runtime.outbox AS o WHERE (o.stamp, o.position) > (p.stamp, p.position))
"""
DEAD: Final = "SELECT count(*) FROM runtime.dead_letter"


@dataclass
class Scene:
    """A shop of its own, somebody who has one of each thing, and what must stay as it is."""

    market: Market
    owner: Owner
    document: Any
    canary: str
    taken: Counter[str] = field(default_factory=Counter)
    """How often each field took what it should better have refused, or kept as text."""

    def person(self, route: str) -> Person:
        """Who may."""
        row = MATRIX[route]
        return (
            self.owner.person if "customer" in row.allowed | (row.hidden if row.own else set()) else self.market.admin
        )

    def ids(self, route: str) -> dict[str, str]:
        """What the route is asked about: something that is there."""
        spare = self.owner.spare if MATRIX[route].spare or route.endswith(("/reply", "/vote")) else {}
        parent = {"product_id": self.owner.ids["parent_id"]} if route.endswith("/variants") else {}
        return {**self.owner.ids, **spare, **parent}

    def operation(self, route: str) -> Any:
        """What the document says of the route."""
        method, path = route.split(" ")
        return self.document["paths"][path][method.lower()]


@pytest_asyncio.fixture(scope="module")
async def scene(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """With a worker, so that whatever is told of what was written is heard by everybody."""
    async with open_market(settings, template, tmp_path_factory.mktemp("injected")) as market:
        owner = await Owner.of(market, await registered(market), await market.goods(stock=100_000))
        shown = f"/api/v1/reviews/{owner.spare['review_id']}/moderation"
        assert (await market.admin.post(shown, {"accepted": True})).status_code == 200
        canary = {"sku": "CANARY", "name": CANARY, "category": "canaries", "price": {"amount": 7, "currency": "EUR"}}
        bird = await made(market.admin, "/api/v1/products", canary)
        document = (await market.nobody.get("/openapi.json")).json()
        ids = {**owner.ids, **await of_merchants(market), "image_id": await an_image(market, owner)}
        yield Scene(market, replace(owner, ids=ids), document, f"/api/v1/products/{bird}")


def corpus(one: Field) -> Mapping[str, str]:
    """What is tried there; texts as they are, numbers as JSON."""
    if not one.is_text:
        return {number: number for number in NUMBERS}
    return TEXTS if one.free and one.spot[-1] not in SLOW else SHORT


async def bite(scene: Scene, route: str, one: Field, bait: str) -> httpx2.Response:
    """The answer to a request that is as it should be but for one field."""
    row, (method, path), owner = MATRIX[route], route.split(" "), scene.owner
    ids = {name: escaped(value) for name, value in scene.ids(route).items()}
    query, content = row.query.removeprefix("?"), b""
    headers = {"If-Match": "*"} if method not in {"GET", "POST"} else {}
    body = filled(row.body, owner.sku)
    if one.place == "path":
        ids[str(one.spot[0])] = escaped(bait) or "%20"
    elif one.place == "query":
        kept = [part for part in query.split("&") if part and not part.startswith(f"{one.spot[0]}=")]
        query = "&".join([*kept, f"{one.spot[0]}={escaped(bait)}"])
    elif one.place == "body":
        body = placed(body, one.spot, bait if one.is_text else BAIT)
    if one.place == "form" or route in FORMS:
        named = {str(one.spot[0]): bait} if one.place == "form" else {}
        content = urlencode({**FORMS[route], **named}, errors="surrogatepass").encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif body is not None:
        content = json.dumps(body).replace(f'"{BAIT}"', bait).encode()
        headers["Content-Type"] = "application/json"
    person = scene.person(route)
    if person.token:
        headers["Authorization"] = f"Bearer {person.token}"
    address = path.format(**ids) + (f"?{query}" if query else "")
    content = bait.encode(errors="surrogatepass") if one.place == "raw" else row.raw or content
    return await scene.market.http.request(method, address, content=content, headers={**headers, **row.also})


def faults(scene: Scene, route: str, one: Field, bait: str, answer: httpx2.Response) -> list[str]:
    """What is wrong with an answer."""
    known = one.place == "path" or str(answer.status_code) in scene.operation(route)["responses"]
    away = MATRIX[route].away and answer.status_code == 503
    said = answer.text.lower().replace(json.dumps(bait)[1:-1].lower(), "").replace(bait.lower(), "")
    kind = answer.headers.get("content-type")
    wrong = {
        "a fault": answer.status_code >= 500 and not away,
        "an answer that is not described": not known,
        "a word about the inside": any(leak in said for leak in LEAKS),
        "another security policy": not _sealed(route, answer.headers.get("content-security-policy", "")),
        "markup of the attacker's": route in PAGES and "<" in bait and bait in answer.text,
        "a kind that may be guessed": answer.headers.get("x-content-type-options") != "nosniff",
        "headers of the attacker's": bool({"x-injected", "set-cookie"} & {*answer.headers}),
        "something to be shown": bool(answer.content) and kind not in KINDS and route not in PAGES,
    }
    return [f"{what}: {answer.status_code} {answer.text[:300]}" for what, is_so in wrong.items() if is_so]


def _sealed(route: str, policy: str) -> bool:
    """Whether a browser would run or load nothing of an attacker's."""
    return policy == CSP or (route in PAGES and policy.startswith("default-src 'none'; ") and "unsafe" not in policy)


@pytest.mark.parametrize("route", [route for route in MATRIX if not route.startswith("GET /sse/")])
async def test_nothing_that_is_written_into_a_field_is_more_than_text(scene: Scene, route: str) -> None:
    before = (await scene.market.nobody.get(scene.canary)).json()
    found: list[str] = []
    counted = [await scene.market.shop.db.pool.fetchval(sql) for sql in (TABLES, STAFF)]
    for one in fields(scene.document, scene.operation(route)):
        for name, bait in corpus(one).items():
            answer = await bite(scene, route, one, bait)
            found += [f"{one}, {name}: {fault}" for fault in faults(scene, route, one, bait, answer)]
            scene.taken[f"{route} {one}"] += answer.is_success and one.is_text
    assert found == []
    assert (await scene.market.nobody.get(scene.canary)).json() == before
    assert [await scene.market.shop.db.pool.fetchval(sql) for sql in (TABLES, STAFF)] == counted


async def test_what_was_written_was_taken_as_text_by_everybody_who_hears_of_it(scene: Scene) -> None:
    print("took some of it:", *(f"{name} {times}" for name, times in scene.taken.items() if times), sep="\n")
    deep = {route.split(" ")[1].split("/")[3] for route in +scene.taken if " /api/v1/" in route}
    assert deep >= {"products", "categories", "reviews", "customers", "promotions", "price-books", "carts", "orders"}
    pool = scene.market.shop.db.pool

    async def heard() -> bool:
        return not await pool.fetchval(BEHIND)

    await scene.market.sees(heard)
    assert await pool.fetchval(DEAD) == 0
    for route in MATRIX:
        if route.startswith("GET ") and not route.startswith(("GET /sse/", "GET /media/")) and route not in PAGES:
            row, path = MATRIX[route], route.removeprefix("GET ").format(**scene.ids(route))
            answer = await scene.person(route).get(path + row.query)
            assert answer.status_code in {200, 404}, f"{route}: {answer.text}"
            assert answer.headers["content-type"] in KINDS
            assert answer.headers["content-type"] == CSV or json.loads(answer.text) is not None, route


async def test_a_stored_script_comes_back_as_the_text_that_it_is(scene: Scene) -> None:
    market, script = scene.market, TEXTS["a script that closes"]
    body = {"sku": "SCRIPT", "name": script, "category": script, "description": script, "brand": script,
            "attributes": {"bait": script}, "price": PRICE}  # fmt: skip
    product = await made(market.admin, "/api/v1/products", body)
    path, buyer = f"/api/v1/products/{product}", await registered(market)

    async def reviewed() -> Any:
        said = {"stars": 1, "title": script, "text": script, "displayName": script}
        answer = await buyer.post(f"{path}/reviews", said)
        return answer.json()["id"] if answer.status_code == 201 else None

    review = await market.sees(reviewed)
    accepted = await market.admin.post(f"/api/v1/reviews/{review}/moderation", {"accepted": True})
    assert accepted.status_code == 200
    replied = await market.admin.send("PUT", f"/api/v1/reviews/{review}/reply", {"text": script})
    assert replied.status_code == 200
    for where, names in ((path, ("name", "description", "brand")), (f"/api/v1/reviews/{review}", ("title", "text"))):
        answer = await market.nobody.get(where)
        assert [answer.json()[name] for name in names] == [script] * len(names)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == CSP


async def test_no_filter_lets_more_through_than_it_names(scene: Scene) -> None:
    admin = scene.market.admin
    for path in ("products?sku=", "products?category=", "users?email=", "users?role=", "products/search?category="):
        for bait in ("' OR '1'='1' --", "%", "_", "\\", "*", ".*", "$ne"):
            answer = await admin.get(f"/api/v1/{path}{escaped(bait)}")
            assert answer.status_code in {200, 422}, answer.text
            assert answer.status_code == 422 or answer.json()["items"] == [], f"{path} {bait}"


async def test_no_mail_goes_to_somebody_who_was_written_into_an_address(scene: Scene) -> None:
    for path in Path(scene.market.shop.settings.home, "mail").glob("*.eml"):
        mail = message_from_bytes(path.read_bytes())
        assert len(mail.get_all("To", [])) == 1
        assert not {"Bcc", "Cc", "X-Injected"} & {*mail.keys()}


def test_every_log_line_is_one_json_document_and_none_is_forged(scene: Scene) -> None:
    lines = [json.loads(line) for line in scene.market.logs().split("\n") if line]
    assert len(lines) > 100
    assert not [line for line in lines if line["event"] == "forged" or line["event"] == "request failed"]
    assert "\x1b" not in scene.market.logs()
    assert f"\n{FORGED}" not in scene.market.logs()
