"""The same events make the same rows on Cassandra as in Postgres: counted, and compared by a checksum."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from msgspec import structs

from tests.adapters.order_lists.conftest import OnCassandra
from tests.builders import a_product, an_ended_order
from tests.importing.week import REAL_WEEK, written
from tests.shops import Shop, a_call, until
from tradewind.adapters.order_lists.known import SHOWN
from tradewind.app.importing.command import import_online_retail
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.claim_orders.claim import claim_by_guest
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder, rebuild_lists
from tradewind.kernel.pages import FIRST_MOMENT

pytestmark = pytest.mark.engine("cassandra")
EPOCH: Final = FIRST_MOMENT.replace(year=1970)
ROWS: Final = "SELECT user_id, placed_at, order_id, status, total_minor, currency FROM orders.orders_by_customer"
HEARD: Final = """
    SELECT NOT EXISTS (
        SELECT FROM runtime.outbox AS o JOIN runtime.position AS p ON p.subscriber = 'orders.orders_by_customer'
        WHERE (o.stamp, o.position) > (p.stamp, p.position))
"""


def checksum(rows: Sequence[Sequence[Any]]) -> tuple[int, str]:
    """How many rows there are, and what they say, whatever their order."""
    lines = sorted("|".join(map(str, row)) for row in rows)
    return len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def in_postgres(shop: Shop) -> tuple[int, str]:
    """Once the projection has heard everything."""
    await until(shop, lambda: shop.db.pool.fetchval(HEARD))
    return checksum([tuple(row) for row in await shop.db.pool.fetch(ROWS)])


async def on_cassandra(cassandra: OnCassandra) -> tuple[int, str]:
    assert SHOWN == ("status", "total_minor", "currency", "held")
    return checksum(
        [
            (user, EPOCH + timedelta(microseconds=placed), UUID(bytes=order), _status(status, held), total, currency)
            for user, placed, order, status, total, currency, held in await cassandra.rows()
        ]
    )


def _status(status: str, held: bool | None) -> str:
    return "RESERVED" if held and status == "PENDING_RESERVATION" else status


async def test_orders_of_every_end_that_change_hands_are_the_same_rows(
    working_shop: Shop, cassandra: OnCassandra
) -> None:
    shop = working_shop
    sku = await a_product(shop, "LAMP", stock=60)
    for qty in (1, 2, 3):
        await an_ended_order(shop, sku, qty=qty)
    await an_ended_order(shop, sku, method="simulated:decline")
    command = PlaceOrder(items=(OrderLine(sku=sku, qty=1),), shipping_address={"country": "DE"})
    theirs = structs.replace(command, email="guest@example.com")
    mine = [await shop.dispatch(theirs, a_call("guest", subject="guest-of-parity")) for _ in range(4)]
    await shop.dispatch(CancelOrder(order_id=mine[0].id, reason="no"), a_call("admin"))
    async with shop.db.transaction(a_call("admin")) as tx:
        await claim_by_guest(tx, "guest-of-parity", "ann")
    books, before = await in_postgres(shop), None
    while books != before:  # until nothing is told meanwhile: the shop goes on
        before = books
        assert await rebuild_lists(shop.db, cassandra.lists)
        books = await in_postgres(shop)
    assert await on_cassandra(cassandra) == books
    assert books[0] == 8
    assert {row[0] for row in await cassandra.rows()} >= {"ann"}
    assert "guest-of-parity" not in {row[0] for row in await cassandra.rows()}


@pytest.mark.parametrize("week", ["made up", "real"])
async def test_a_retailers_week_is_the_same_rows(shop: Shop, cassandra: OnCassandra, week: str, tmp_path: Path) -> None:
    if week == "real" and not REAL_WEEK.exists():
        pytest.skip("the real week is not on this machine")
    file = REAL_WEEK if week == "real" else written(tmp_path)
    summary = await import_online_retail(shop, file, lambda *_: None)
    books = await in_postgres(shop)
    assert books[0] == summary.orders > 0
    for _ in range(2):
        assert await rebuild_lists(shop.db, cassandra.lists)
        assert await on_cassandra(cassandra) == books
    print(f"{week} week: {books[0]} rows, sha256 {books[1]}")
