"""S11: whoever is erased leaves no trace outside the books. The scan is seen to find what it looks for, first."""

import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.markets import Market, open_market
from tests.security import leaving, scanning
from tests.security.marked import Marked
from tests.shops import Shop, a_call
from tradewind.api.rest.matching import PathTable
from tradewind.api.rest.routes import Source, structs_in
from tradewind.app.audit.auditor import audit
from tradewind.app.edge import rest_app
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import manifests
from tradewind.contexts.customers.manifest import ErasePerson
from tradewind.contracts.customers import CustomerUpdated

pytestmark = pytest.mark.xdist_group("security")

NEVER_KEPT: Final = frozenset(
    {"first password", "second password", "wrong password", "query", "said", "address of the client"}
)
"""Marks that no table, file or log line holds, not even before."""
HELD_IN: Final = frozenset(
    {
        "identity.account", "identity.session", "customers.profile", "customers.address", "carts.quote",
        "orders.orders", "orders.cancel_words", "payments.payments", "payments.payment_method", "shipping.shipments",
        "runtime.idempotency", "reviews.review", "notifications.device",
    }
)  # fmt: skip
"""Tables that are seen to hold marks before, so that their silence afterwards says something."""
BOOKS: Final = "SELECT id, user_id, status, currency, total_minor FROM orders.orders ORDER BY id"
MONEY: Final = "SELECT order_id, status, amount_minor, captured_minor, refunded_minor FROM payments.payments ORDER BY 1"
OF_STAFF: Final = (
    "/api/v1/products", "/api/v1/categories", "/api/v1/inventory", "/api/v1/shipments", "/api/v1/flash-sales",
    "/api/v1/users", "/api/v1/promotions", "/api/v1/coupons", "/api/v1/price-books", "/api/v1/taxes",
    "/api/v1/tax-rates", "/api/v1/tax-classes", "/api/v1/media", "/api/v1/customers/{customer_id}", "/api/v1/feeds",
    "/api/v1/returns", "/api/v1/webhook-subscriptions", "/api/v1/fulfillment-tasks", "/api/v1/carriers",
    "/api/v1/shipping", "/api/v1/warehouses",
)  # fmt: skip
"""Routes by which staff run the shop: what they write is the shop's, not a customer's."""
WITHOUT_A_PERSON: Final = {
    "POST /api/v1/orders/{order_id}/captures": "staff says an amount",
    "POST /api/v1/payment-providers/{provider}/webhooks": "a provider tells of calls that the shop made",
    "POST /api/v1/orders/{order_id}/refunds": "staff gives a reason for the books",
    "POST /api/v1/orders/{order_id}/returns": "SKUs, and a reason out of a list",
    "POST /api/v1/reviews/{review_id}/moderation": "staff gives a reason",
    "PUT /api/v1/reviews/{review_id}/reply": "staff answers in the shop's name",
    "POST /api/v1/auth/backchannel-logout": "a token, of which ids of ours are kept",
    "POST /api/v1/auth/revoke": "a token, which is kept as a digest or not at all",
    "POST /api/v1/customers/me/erasure": "the id of a user",
    "PUT /api/v1/carts/{cart_id}/lines/{sku}": "a SKU",
    "PUT /api/v1/reviews/{review_id}/vote": "yes or no",
    "POST /api/v1/quotes": "SKUs, coupons, a country and its region; nothing of it is kept",
}


@dataclass
class Cupboard:
    """Keeps things in memory."""

    things: dict[str, bytes]


@pytest_asyncio.fixture(scope="module")
async def market(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Market]:
    """A shop of its own: home, database, provider, edge and worker, so that all that it keeps is of this test."""
    home = tmp_path_factory.mktemp("home")
    provider = await ProviderProcess(tmp_path_factory.mktemp("provider")).start()
    engines = replace(template, provider_url=provider.url)
    async with open_market(replace(settings, home=home), engines, tmp_path_factory.mktemp("logs")) as opened:
        yield opened
    await provider.stop()


@pytest_asyncio.fixture(scope="module")
async def person(market: Market) -> Marked:
    """Somebody who has left everything everywhere, and whose goods are on their way."""
    who = Marked(market, market.shop.settings.home / "mail")
    sku = await market.goods(stock=20)
    as_guest = await leaving.shop_as_guest(who, sku)
    await leaving.become_customer(who)
    await leaving.tell_all(who)
    bought = await leaving.buy(who, sku)
    await leaving.speak(who, await _product_id(market, sku))
    await market.comes_to(market.admin, bought, "PAID")
    who.orders = [as_guest, bought]
    return who


async def _product_id(market: Market, sku: str) -> str:
    return str(await market.shop.db.pool.fetchval("SELECT id FROM catalog.products WHERE sku = $1", sku))


async def traces(who: Marked) -> scanning.Found:
    """Wherever something of them is left."""
    market, home = who.market, who.market.shop.settings.home
    found = await scanning.in_database(market.shop.db.pool, who.marks)
    found |= scanning.in_files(home, who.marks)
    found |= scanning.in_files(market.folder, who.marks)
    return found | scanning.in_memory(market.shop.db.peers.values(), who.marks)


async def books(market: Market) -> Any:
    return await market.shop.db.pool.fetch(BOOKS), await market.shop.db.pool.fetch(MONEY)


def test_every_route_that_takes_somebodys_words_is_walked_or_left_out_for_a_reason(person: Marked) -> None:
    table: PathTable[str] = PathTable()
    takes: set[str] = set()
    for route in (route for one in manifests() for route in one.routes):
        name = f"{route.method} {route.path}"
        table.add(route.method, route.path, name)
        bodies = [p.type for p in route.parameters if p.source in (Source.BODY, Source.FORM, Source.RAW)]
        if any(structs_in(body) or body is bytes for body in bodies) and not route.path.startswith(OF_STAFF):
            takes.add(name)
    walked = {found[0].get(method) for method, path in person.walked if (found := table.find(path))}
    assert takes - walked - WITHOUT_A_PERSON.keys() == set()


async def test_the_scan_sees_what_is_hidden_in_any_table_of_any_schema(shop: Shop, tmp_path: Path) -> None:
    pool = shop.db.pool
    await pool.execute('CREATE SCHEMA "Odd"')
    await pool.execute('CREATE TABLE "Odd"."T" (a bytea, b jsonb, c text[], d text)')
    for column, value in (("a", b"Mark-1"), ("b", '{"x": ["mark-1"]}'), ("c", ["MARK-1"]), ("d", "xMark-1x")):
        await pool.execute(f'INSERT INTO "Odd"."T" ({column}) VALUES ($1)', value)
        assert await scanning.in_database(pool, {"m": "Mark-1", "n": "Mark-2"}) == {("m", '"Odd"."T"')}
        await pool.execute('DELETE FROM "Odd"."T"')
    assert scanning.in_memory([Cupboard({"a": b"mark-1"})], {"m": "Mark-1", "n": "Mark-2"}) == {("m", "Cupboard")}
    (tmp_path / "Mark-2.txt").write_bytes(b"\xffmark-1\xff")
    assert scanning.in_files(tmp_path, {"m": "Mark-1", "n": "Mark-2"}) == {("m", "Mark-2.txt"), ("n", "Mark-2.txt")}


async def test_while_an_order_is_under_way_nothing_is_forgotten_and_the_order_is_named(person: Marked) -> None:
    before = await traces(person)
    refused = await person.ask("POST", "/api/v1/customers/me/erasure", {"confirm": person.user_id})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/orders-under-way")
    assert sorted(refused.json()["orders"]) == sorted(person.orders)
    assert {name for name, _ in await traces(person)} == {name for name, _ in before}


async def test_nobody_is_forgotten_by_another_or_by_mistake(person: Marked) -> None:
    path = f"/api/v1/customers/{person.user_id}/erasure"
    stranger, market = person.market.somebody("customer"), person.market
    assert (await stranger.post(path, {"confirm": person.user_id})).status_code == 404
    assert (await market.somebody("warehouse").post(path, {"confirm": person.user_id})).status_code == 403
    mistaken = await person.ask("POST", "/api/v1/customers/me/erasure", {"confirm": "somebody"})
    assert (mistaken.status_code, mistaken.json()["errors"][0]["pointer"]) == (422, "/confirm")
    admin = await market.shop.db.pool.fetchval("SELECT id::text FROM identity.account WHERE 'admin' = ANY(roles)")
    support = market.somebody("support")
    refused = await support.post(f"/api/v1/customers/{admin}/erasure", {"confirm": admin})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/staff-account")


async def test_what_is_held_comes_as_one_archive(person: Marked) -> None:
    packed = await person.told("POST", "/api/v1/customers/me/export")
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    index = json.loads(files.pop("index.json"))
    assert index["userId"] == person.user_id
    assert index["files"].keys() == files.keys()
    shown = {name: set(scanning.seen(text, person.marks)) for name, text in files.items()}
    assert set().union(*shown.values()) == person.marks.keys() - NEVER_KEPT
    assert shown["customers.json"] >= {"name", "company", "street", "second street", "second e-mail", "phone"}
    assert shown["identity.json"] == {"e-mail", "agent"}
    assert shown["orders.json"] >= {"name", "street", "e-mail", "phone", "card", "words"}
    assert shown["payments.json"] == {"card"}
    assert len(json.loads(files["orders.json"])["orders"]) == 4


async def test_who_is_erased_leaves_no_trace_outside_the_books(person: Marked) -> None:
    market = person.market
    for order in person.orders:
        await leaving.receive(person, order)
    transport: Any = httpx2.ASGITransport(app=rest_app(market.shop))
    async with httpx2.AsyncClient(transport=transport, base_url="http://inside") as inside:
        headers = {"Authorization": f"Bearer {person.token}"}
        assert (await inside.get("/api/v1/customers/me", headers=headers)).status_code == 200
    before, kept = await traces(person), await books(market)
    assert {name for name, _ in before} == person.marks.keys() - NEVER_KEPT
    assert {place for _, place in before} >= HELD_IN
    assert person.user_id in market.logs()

    gone = await person.told("POST", "/api/v1/customers/me/erasure", {"confirm": person.user_id})
    assert gone["userId"] == person.user_id
    assert set(gone["contexts"]) >= {"identity", "customers", "payments", "shipping", "orders", "runtime"}
    assert (await person.ask("GET", "/api/v1/customers/me")).status_code == 401

    async def nothing_is_left() -> bool:
        return not await traces(person)

    try:
        await market.sees(nothing_is_left)
    except TimeoutError:
        assert await traces(person) == set()
    for mark in person.marks.values():
        assert (await market.http.get("/api/v1/products/search", params={"q": mark})).json()["items"] == []
    assert await books(market) == kept
    report = await audit(market.shop.engines.database_url, market.shop.engines.provider_url, settle_s=10)
    assert report.ok, report.lines()


async def test_erasing_again_changes_nothing_and_what_was_done_is_in_the_trail(person: Marked) -> None:
    support, path = person.market.somebody("support"), f"/api/v1/customers/{person.user_id}"
    assert (await support.post(f"{path}/erasure", {"confirm": person.user_id})).status_code == 200
    assert (await support.get(path)).status_code == 404
    packed = await support.post(f"{path}/export")
    with zipfile.ZipFile(BytesIO(packed.content)) as archive:
        orders = json.loads(archive.read("orders.json"))["orders"]
    assert {one["email"] for one in orders} == {None}
    trail = "SELECT actor, action FROM runtime.audit_entry WHERE subject = $1 AND action LIKE 'privacy.%' ORDER BY id"
    rows = [tuple(row) for row in await person.market.shop.db.pool.fetch(trail, person.user_id)]
    assert rows[:2] == [(person.user_id, "privacy.export"), (person.user_id, "privacy.erase")]
    assert {action for _, action in rows[2:]} == {"privacy.export", "privacy.erase"}


async def test_a_parked_events_reason_goes_with_the_person(shop: Shop) -> None:
    async with shop.db.transaction(a_call("system")) as tx:
        tx.tell(CustomerUpdated(customer_id="ada", changed=("name",)), CustomerUpdated(customer_id="bob", changed=()))
    await shop.db.pool.execute(
        "INSERT INTO runtime.dead_letter (subscriber, position, event_id, type, reason, attempts) "
        "SELECT 'x', position, event_id, type, 'quoted ' || key, 5 FROM runtime.outbox"
    )
    await shop.dispatch(ErasePerson(confirm="ada"), a_call("customer", subject="ada"))
    left = await shop.db.pool.fetch("SELECT reason FROM runtime.dead_letter ORDER BY position")
    assert [row["reason"] for row in left] == ["erased", "quoted bob"]
