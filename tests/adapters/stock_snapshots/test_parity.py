"""The same events make the same rows on Cassandra as in Postgres: counted, and compared by a checksum."""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.adapters.order_lists.test_parity import checksum
from tests.adapters.stock_snapshots.conftest import OnCassandra
from tests.importing.week import REAL_WEEK, written
from tests.shops import Shop, a_call
from tests.snapshot.histories import INVENTORY, rows, told
from tradewind.app.importing.command import import_online_retail
from tradewind.contexts.catalog._projections.inventory_snapshot import availability
from tradewind.contexts.inventory.manifest import rebuild_snapshot

pytestmark = pytest.mark.engine("cassandra")
ALL: Final = 1_000_000
SNAPSHOT: Final = "SELECT sku, product_id, version, on_hand, reserved, available FROM catalog.availability"


async def on_cassandra(cassandra: OnCassandra) -> tuple[int, str]:
    found, last = list[tuple[Any, ...]](), ""
    while page := await cassandra.after(last, 500):
        found += [
            (one.sku, one.product_id, one.version, one.on_hand, one.reserved, one.on_hand - one.reserved)
            for one in page
        ]
        last = page[-1].sku
    return checksum(found)


@pytest.mark.parametrize("week", ["made up", "real"])
async def test_a_retailers_week_is_the_same_rows(shop: Shop, cassandra: OnCassandra, week: str, tmp_path: Path) -> None:
    if week == "real" and not REAL_WEEK.exists():
        pytest.skip("the real week is not on this machine")
    file = REAL_WEEK if week == "real" else written(tmp_path)
    await import_online_retail(shop, file, lambda *_: None)
    events = await told(shop)
    async with shop.db.transaction(a_call("system")) as tx:
        await tx.run("TRUNCATE catalog.availability")
        await availability.react(events, tx)
    books = checksum(await rows(shop, SNAPSHOT))
    assert books == checksum([row for row in await rows(shop, INVENTORY) if row[2]])
    assert books[0] > 0
    for begin in range(0, len(events), 1_000):
        await cassandra.hear(events[begin : begin + 1_000])
    assert await on_cassandra(cassandra) == books
    assert await rebuild_snapshot(shop.db, cassandra.snapshot)
    assert await on_cassandra(cassandra) == books
    print(f"{week} week: {books[0]} rows, sha256 {books[1]}")
