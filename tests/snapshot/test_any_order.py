"""The read model inventory_snapshot: however what inventory tells comes, it ends in inventory's own numbers."""

import asyncio
from random import Random
from typing import Any, Final

import pytest

from tests.shops import Shop, a_call
from tests.snapshot.histories import ADMIN, INVENTORY, NORTH, OPEN, SNAPSHOT, a_history, pieces_of, rows, told
from tradewind.contexts.catalog._projections.inventory_snapshot import availability
from tradewind.contexts.catalog._projections.listing import listing
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contracts.inventory import InventoryPeer, InventoryReserved, Level, ReservedLine, StockAdjusted, Wanted
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id

ANEW: Final = "TRUNCATE catalog.availability"
SEARCH_ANEW: Final = "TRUNCATE catalog.listing, catalog.listed_stock"
SEARCHED: Final = "SELECT sku, available FROM catalog.listing ORDER BY sku"
WAITING: Final = """
    SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def hear(shop: Shop, events: list[Any]) -> None:
    async with shop.db.transaction(a_call("system")) as tx:
        await availability.react(events, tx)


@pytest.mark.parametrize("seed", range(4))
async def test_in_any_sequence_and_however_often_it_ends_in_inventorys_own_rows(shop: Shop, seed: int) -> None:
    await a_history(shop, seed)
    events, chance = await told(shop), Random(seed)
    assert len({type(event) for event in events}) >= 5
    due = await rows(shop, INVENTORY)
    for _ in range(6):
        await shop.db.pool.execute(ANEW)
        heard = [*events, *chance.sample(events, len(events) // 3)]
        chance.shuffle(heard)
        for piece in pieces_of(heard, chance):
            await hear(shop, piece)
        assert await rows(shop, SNAPSHOT) == due
    await shop.db.pool.execute(ANEW)
    await hear(shop, events)
    assert await rows(shop, SNAPSHOT) == due


@pytest.mark.parametrize("seed", range(2))
async def test_search_shows_the_same_in_whichever_sequence_it_hears_it(shop: Shop, seed: int) -> None:
    await a_history(shop, seed)
    events, chance = [one for one in await told(shop) if one.TYPE in listing.types], Random(seed)
    due = [(row[0], row[-1]) for row in await rows(shop, INVENTORY)]
    for _ in range(3):
        await shop.db.pool.execute(SEARCH_ANEW)
        heard = [*events, *chance.sample(events, len(events) // 3)]
        chance.shuffle(heard)
        for piece in pieces_of(heard, chance):
            async with shop.db.transaction(a_call("system")) as tx:
                await listing.react(piece, tx)
        assert await rows(shop, SEARCHED) == due


async def test_each_change_of_a_sku_has_the_next_version_wherever_it_lies(shop: Shop) -> None:
    await shop.db.pool.execute(NORTH)
    await shop.db.pool.execute(OPEN, "LAMP", new_id())
    for place in ("MAIN", "NORTH", "NORTH"):
        await shop.dispatch(AdjustStock(sku="LAMP", delta=2, reason="count", warehouse=place), ADMIN)
    orders = [Wanted(new_id(), {"LAMP": 1}) for _ in range(3)]
    async with shop.db.transaction(ADMIN) as tx:
        answers = await tx.peer(InventoryPeer).reserve(tx, orders)
        tx.tell(*[one for one in answers if isinstance(one, InventoryReserved)])
    assert [level for event in await told(shop) for level in event.levels] == [
        Level("LAMP", 1, 2, 0), Level("LAMP", 2, 4, 0), Level("LAMP", 3, 6, 0), *[Level("LAMP", 4, 6, 3)] * 3,
    ]  # fmt: skip


async def test_a_place_that_is_opened_while_an_order_waits_for_the_stock_is_counted_by_it(shop: Shop) -> None:
    await shop.db.pool.execute(NORTH)
    await shop.db.pool.execute(OPEN, "LAMP", new_id())
    await shop.dispatch(AdjustStock(sku="LAMP", delta=2, reason="count"), ADMIN)

    async def order() -> None:
        async with shop.db.transaction(ADMIN) as tx:
            (answer,) = await tx.peer(InventoryPeer).reserve(tx, [Wanted(new_id(), {"LAMP": 1})])
            assert isinstance(answer, InventoryReserved)
            tx.tell(answer)

    async with shop.db.transaction(ADMIN) as tx:
        await tx.run("SELECT FROM inventory.inventory_stock FOR UPDATE")
        opening = asyncio.create_task(
            shop.dispatch(AdjustStock(sku="LAMP", delta=5, reason="count", warehouse="NORTH"), ADMIN)
        )
        async with asyncio.timeout(30):
            while not await shop.db.pool.fetchval(WAITING):
                pass
        ordering = asyncio.create_task(order())
        async with asyncio.timeout(30):
            while await shop.db.pool.fetchval(WAITING.replace("> 0", "< 2")):
                pass
    await asyncio.gather(opening, ordering)
    events = await told(shop)
    assert events[-1].levels[0].on_hand == 7
    await hear(shop, events[::-1])
    assert await rows(shop, SNAPSHOT) == await rows(shop, INVENTORY)


async def test_what_an_old_log_tells_is_counted_by_pieces_until_the_first_word_with_a_version(shop: Shop) -> None:
    lamp, order = new_id(), new_id()
    old = StockAdjusted(product_id=lamp, sku="LAMP", delta=9, on_hand=9, reserved=1, reason="x")
    held = InventoryReserved(order_id=order, items=(ReservedLine("LAMP", 3),), expires_at=now())
    await hear(shop, [old, held])
    assert await rows(shop, SNAPSHOT) == [("LAMP", lamp, 0, None, None, 5)]
    new = InventoryReserved(
        order_id=order, items=(ReservedLine("LAMP", 1),), expires_at=now(), levels=(Level("LAMP", 1, 9, 5),)
    )
    await hear(shop, [held, new])
    assert await rows(shop, SNAPSHOT) == [("LAMP", lamp, 1, 9, 5, 4)]
