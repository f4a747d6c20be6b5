"""The same events make the same orders on OpenSearch as in Postgres: counted, and compared by a checksum."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from tests.adapters.order_lists.test_parity import HEARD, checksum
from tests.adapters.order_search.conftest import NEWEST_STAMP
from tests.builders import a_product, an_ended_order
from tests.importing.week import REAL_WEEK, written
from tests.shops import Shop, a_call, until
from tradewind.app.importing.command import import_online_retail
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.claim_orders.claim import claim_by_guest
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder, rebuild_search
from tradewind.contexts.orders.spread_summaries.timer import bring_on
from tradewind.kernel.pages import FIRST_MOMENT

pytestmark = pytest.mark.engine("opensearch")
ROWS: Final = """
    SELECT s.order_id, s.user_id, s.placed_at, s.status, s.total_minor, s.currency,
           (SELECT string_agg(DISTINCT i.sku, ' ' ORDER BY i.sku) FROM orders.order_items AS i
            WHERE i.order_id = s.order_id)
    FROM orders.order_summary AS s
"""
EPOCH: Final = FIRST_MOMENT.replace(year=1970)
PAGE: Final = 5_000


async def in_postgres(shop: Shop) -> tuple[int, str]:
    """Once the projection has heard everything."""
    await until(shop, lambda: shop.db.pool.fetchval(HEARD))
    return checksum([tuple(row) for row in await shop.db.pool.fetch(ROWS)])


async def on_opensearch(shop: Shop, index: Any) -> tuple[int, str]:
    """All documents of orders, once it has what has changed."""
    newest = await shop.db.pool.fetchval(NEWEST_STAMP)

    async def has_all() -> bool:
        await bring_on(shop.db, index)
        return bool((await index.reached()).stamp >= newest)

    await until(shop, has_all)
    return checksum(await rows_of(index))


async def rows_of(index: Any) -> list[tuple[Any, ...]]:
    """All documents of orders that there are; none where there is no index."""
    rows, after = list[tuple[Any, ...]](), [""]
    while True:
        query: dict[str, Any] = {"query": {"exists": {"field": "placed_us"}}, "sort": [{"order_id": "asc"}]}
        asked = {**query, "size": PAGE, "search_after": after}
        said = await index._client.search(index=index._names.alias, body=asked, ignore_unavailable=True)
        hits = said["hits"]["hits"]
        if not hits:
            return rows
        rows += [_row(hit["_source"]) for hit in hits]
        after = hits[-1]["sort"]


def _row(said: Any) -> tuple[Any, ...]:
    placed = EPOCH + timedelta(microseconds=said["placed_us"])
    shown = (UUID(said["order_id"]), said["user_id"], placed, said["status"], said["total_minor"], said["currency"])
    return (*shown, " ".join(said["skus"]))


async def test_orders_of_every_end_that_change_hands_are_the_same(working_shop: Shop, index: Any) -> None:
    shop = working_shop
    await on_opensearch(shop, index)
    sku = await a_product(shop, "LAMP", stock=60)
    for qty in (1, 2):
        await an_ended_order(shop, sku, qty=qty)
    await an_ended_order(shop, sku, method="simulated:decline")
    command = PlaceOrder(
        items=(OrderLine(sku=sku, qty=1),), shipping_address={"country": "DE"}, email="guest@example.com"
    )
    mine = [await shop.dispatch(command, a_call("guest", subject="guest-of-parity")) for _ in range(3)]
    await on_opensearch(shop, index)
    await shop.dispatch(CancelOrder(order_id=mine[0].id, reason="no"), a_call("admin"))
    async with shop.db.transaction(a_call("admin")) as tx:
        await claim_by_guest(tx, "guest-of-parity", "ann")

    async def are_the_same() -> bool:
        return await on_opensearch(shop, index) == await in_postgres(shop)

    await until(shop, are_the_same)
    assert (await in_postgres(shop))[0] == 6
    assert await rebuild_search(shop.db, index)
    assert await on_opensearch(shop, index) == await in_postgres(shop)


@pytest.mark.parametrize("week", ["made up", "real"])
async def test_a_retailers_week_is_the_same(shop: Shop, index: Any, week: str, tmp_path: Path) -> None:
    if week == "real" and not REAL_WEEK.exists():
        pytest.skip("the real week is not on this machine")
    file = REAL_WEEK if week == "real" else written(tmp_path)
    summary = await import_online_retail(shop, file, lambda *_: None)
    books = await in_postgres(shop)
    assert books[0] == summary.orders > 0
    for _ in range(2):
        assert await rebuild_search(shop.db, index)
        assert await on_opensearch(shop, index) == books
    print(f"{week} week: {books[0]} rows, sha256 {books[1]}")
