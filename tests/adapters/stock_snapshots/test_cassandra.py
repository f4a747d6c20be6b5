"""The snapshot on Cassandra: whatever dies, comes late or goes away in between, it comes to what inventory has."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.adapters.order_lists.conftest import ANSWER_S, Wire
from tests.adapters.stock_snapshots.conftest import OnCassandra
from tests.builders import a_delivery, a_product
from tests.shops import Shop, a_call, open_shop, until, working
from tests.snapshot.histories import a_history, told
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.inventory.list_stock.query import ListStock, LookUpStock
from tradewind.contexts.inventory.manifest import rebuild_snapshot
from tradewind.ports.progress import MAX_BEHIND_S, NOWHERE, Reached
from tradewind.ports.stock_snapshots import StockSnapshot, StockSnapshotAway
from tradewind.runtime import failpoints

pytestmark = pytest.mark.engine("cassandra")
STAFF = a_call("warehouse")
NEWEST = "SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1"


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


async def rows_of(shop: Shop) -> list[Any]:
    return list(await shop.dispatch(LookUpStock(many=1000), STAFF))


async def test_who_dies_before_it_is_noted_how_far_it_is_does_it_again(shop: Shop, cassandra: OnCassandra) -> None:
    await a_history(shop, seed=3)
    failpoints.arm({"stock_snapshot.before_reached": "raise"})
    with pytest.raises(failpoints.FailpointHit):
        await rebuild_snapshot(shop.db, cassandra.snapshot)
    failpoints.arm({})
    assert await cassandra.snapshot.reached() == NOWHERE
    assert await rebuild_snapshot(shop.db, cassandra.snapshot)
    assert await cassandra.after("", 1000) == await rows_of(shop)
    await cassandra.hear((await told(shop))[::-1])
    assert await cassandra.after("", 1000) == await rows_of(shop)


async def test_a_snapshot_that_nobody_has_brought_up_to_date_is_refused(
    cassandra: OnCassandra, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cassandra.snapshot.put([], Reached(1, 1), is_all=False)
    with pytest.raises(StockSnapshotAway):
        await cassandra.after("", 1)
    await cassandra.hear([])
    assert await cassandra.after("", 1) == []
    monkeypatch.setattr("tradewind.adapters.belief.MAX_BEHIND_S", -MAX_BEHIND_S)
    cassandra.snapshot._progress.forget()
    with pytest.raises(StockSnapshotAway):
        await cassandra.of("LAMP")


async def shown(shop: Shop) -> list[tuple[str, int]]:
    return [(one.sku, one.on_hand) for one in (await shop.dispatch(ListStock(), STAFF)).items]


async def caught_up(shop: Shop) -> bool:
    """Whether the snapshot is as far as the log, and believed."""
    snapshot: Any = shop.db.peers[StockSnapshot]
    try:
        await snapshot.after("", 1)
        return tuple(await snapshot.reached()) >= tuple(await shop.db.pool.fetchrow(NEWEST))
    except StockSnapshotAway:
        return False


async def test_postgres_answers_while_cassandra_is_away_and_the_snapshot_catches_up_by_itself(
    settings: Settings, own_engines: Engines, wire: Wire
) -> None:
    named = replace(settings, cassandra_servers=f"127.0.0.1:{wire.port}")
    async with open_shop(named, own_engines, connections=8) as shop:
        snapshot = cast(Any, shop.db.peers[StockSnapshot])
        await a_product(shop, "LAMP", stock=5)
        async with working(shop):
            await until(shop, lambda: caught_up(shop))
            assert await shown(shop) == [("LAMP", 5)]
            await wire.cut()
            with pytest.raises(StockSnapshotAway):
                await snapshot.after("", 1)
            await a_delivery(shop, "LAMP", 2)
            assert await shown(shop) == [("LAMP", 7)]
            await wire.mend()
            await until(shop, lambda: caught_up(shop))
        (there,) = await snapshot.after("", 9)
        assert (there.sku, there.version, there.on_hand) == ("LAMP", 2, 7)
        await shop.db.pool.execute("UPDATE inventory.inventory_stock SET on_hand = 99")
        assert await shown(shop) == [("LAMP", 7)]
        await snapshot._cassandra.link.ask(f"DROP KEYSPACE {snapshot._cassandra.link._name}", within_s=ANSWER_S)
