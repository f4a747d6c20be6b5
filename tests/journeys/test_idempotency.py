"""R8: one Idempotency-Key is one effect and one answer, however often, however fast and wherever it is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import msgspec
import pytest

from tests.journeys.crowd import Told, Wish, all_at_once, statuses
from tests.journeys.reasons import AT_ONCE, PLANTED
from tests.markets import Market, Person, open_market
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contracts.messages import Command
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.idempotency import claim

pytestmark = pytest.mark.xdist_group("journeys")

REQUESTS: Final = 500
ORDERS_OF: Final = "SELECT count(*)::int FROM orders.orders WHERE user_id = $1"
HOLD_KEY: Final = """
    INSERT INTO runtime.idempotency (scope, request_hash, answer, expires_at)
    VALUES ($1, 'somebody else''s', '{}', now() + interval '1 hour')
"""
ACTS: Final = "SELECT count(*)::int FROM runtime.audit_entry WHERE subject = $1 AND action = $2"


async def storm(market: Market, urls: list[str]) -> tuple[list[str], list[Told]]:
    """500 requests with one key at once, on several edges; what went wrong, or nothing."""
    buyer, sku = market.somebody(), await market.goods(stock=REQUESTS)
    body = {"items": [{"sku": sku, "qty": 1}]}
    told = await all_at_once(
        Wish(urls[n % len(urls)], buyer.token or "", body, "one and the same") for n in range(REQUESTS)
    )
    orders = await market.shop.db.pool.fetchval(ORDERS_OF, buyer.subject)
    bodies = {one.body for one in told}
    if orders == 1:
        await market.comes_to(buyer, msgspec.json.decode(told[0].body)["id"], "PENDING_PAYMENT")
    _, reserved = await market.stock(sku)
    print(f"{REQUESTS} requests with one key, {len(urls)} edges: {statuses(told)}, {len(bodies)} different bodies, "
          f"{orders} orders, {reserved} pieces reserved")  # fmt: skip
    complaints = []
    if statuses(told) != {201: REQUESTS}:
        complaints.append(f"answers: {statuses(told)}")
    if (len(bodies), orders, reserved) != (1, 1, 1):
        complaints.append(f"{len(bodies)} answers, {orders} orders, {reserved} pieces reserved")
    return complaints, list(told)


async def test_five_hundred_requests_with_one_key_are_one_order_and_one_answer(market: Market) -> None:
    async with market.another_edge() as second:
        complaints, told = await storm(market, [market.urls[0], second])
    assert complaints == []
    assert msgspec.json.decode(told[0].body)["status"] == market.placed


@pytest.mark.one_process_tree(PLANTED)
async def test_keys_without_their_lock_place_many_orders_and_are_seen(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("unlocked")
    async with open_market(settings, template, folder, parts=("edge",), bugs="key_without_lock") as market:
        complaints, _ = await storm(market, market.urls)
    print("planted key_without_lock:", *complaints, sep="\n  ")
    assert complaints


async def _order(buyer: Person, sku: str, key: str, qty: int = 1) -> Any:
    return await buyer.post("/api/v1/orders", {"items": [{"sku": sku, "qty": qty}]}, Idempotency_Key=key)


async def test_a_key_with_another_body_is_refused(market: Market) -> None:
    buyer, sku = market.somebody(), await market.goods(stock=5)
    placed = await _order(buyer, sku, "k")
    assert placed.status_code == 201
    reused = await _order(buyer, sku, "k", qty=2)
    assert (reused.status_code, reused.json()["type"]) == (422, "/problems/key-reused")
    await market.comes_to(buyer, placed.json()["id"], "PENDING_PAYMENT")
    assert await market.stock(sku) == (5, 1)


async def test_a_key_is_its_users_own_and_its_routes_own(market: Market) -> None:
    sku = await market.goods(stock=5)
    one, other = market.somebody(), market.somebody()
    first, second = await _order(one, sku, "k"), await _order(other, sku, "k", qty=2)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    await market.comes_to(one, first.json()["id"], "PENDING_PAYMENT")
    off = await one.post(f"/api/v1/orders/{first.json()['id']}/cancel", Idempotency_Key="k")
    assert off.status_code == 202


@pytest.mark.one_process_tree(AT_ONCE)
async def test_a_failed_first_try_does_not_burn_the_key(market: Market) -> None:
    buyer, sku = market.somebody(), await market.goods(stock=0)
    assert (await _order(buyer, sku, "k")).status_code == 409
    await market.admin.post(f"/api/v1/inventory/{sku}/adjustments", {"delta": 1, "reason": "found one"})
    second, third = await _order(buyer, sku, "k"), await _order(buyer, sku, "k")
    assert second.status_code == 201
    assert third.content == second.content


@asynccontextmanager
async def under_way(market: Market, buyer: Person, route: str, key: str) -> AsyncIterator[None]:
    """As if another edge were still working on this key: its row is written, not yet committed."""
    call = Call(actor=Actor(subject=buyer.subject), correlation_id="", trace_id="", route=route, idempotency_key=key)
    claimed = claim(Command(), call)
    assert claimed is not None
    connection: Any = await asyncpg.connect(market.shop.engines.database_url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(HOLD_KEY, claimed.scope)
        yield
        await transaction.rollback()
    finally:
        await connection.close()


async def test_a_key_that_is_in_flight_elsewhere_is_answered_with_retry_after(market: Market) -> None:
    buyer, sku = market.somebody(), await market.goods(stock=5)
    held = (await buyer.order(sku, pays=None)).json()["id"]
    await market.comes_to(buyer, held, "PENDING_PAYMENT")
    off = f"/api/v1/orders/{held}/cancel"
    async with (
        under_way(market, buyer, "POST /api/v1/orders", "k"),
        under_way(market, buyer, "POST /api/v1/orders/{order_id}/cancel", "k"),
    ):
        answers = await asyncio.gather(_order(buyer, sku, "k"), buyer.post(off, Idempotency_Key="k"))
    for busy in answers:
        assert (busy.status_code, busy.json()["type"]) == (409, "/problems/in-flight")
        assert int(busy.headers["retry-after"]) >= 1
    assert await market.stock(sku) == (5, 1)
    assert (await buyer.get(f"/api/v1/orders/{held}")).json()["status"] == "PENDING_PAYMENT"
    assert (await _order(buyer, sku, "k")).status_code == 201
    assert (await buyer.post(off, Idempotency_Key="k")).status_code == 202


@pytest.mark.parametrize(("act", "body"), [("pay", {"paymentMethod": "simulated:approve"}), ("cancel", {})])
async def test_a_repeated_payment_or_cancellation_is_one_and_the_same(
    market: Market, act: str, body: dict[str, str]
) -> None:
    buyer, sku = market.somebody(), await market.goods(stock=5)
    order = (await buyer.order(sku, pays=None)).json()
    await market.comes_to(buyer, order["id"], "PENDING_PAYMENT")
    path = f"/api/v1/orders/{order['id']}/{act}"
    first = await buyer.post(path, body, Idempotency_Key="k")
    await market.comes_to(buyer, order["id"], "PAID", "CANCELED")
    again = await buyer.post(path, body, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert await market.shop.db.pool.fetchval(ACTS, order["id"], f"orders.{act}") == 1
