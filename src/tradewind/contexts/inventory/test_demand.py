"""What was ordered is counted by day, whatever became of the orders, and shown to who orders goods again (S3-31)."""

from datetime import datetime, timedelta
from typing import Any

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, until, working
from tradewind.contexts.inventory._subscribers.on_order_placed import KEPT_DAYS, on_order_placed
from tradewind.contexts.inventory.conftest import Store
from tradewind.contexts.inventory.set_bundle.command import SetBundle
from tradewind.contexts.inventory.suggest_replenishment.query import SuggestReplenishment
from tradewind.contracts.orders import OrderedItem, OrderPlaced
from tradewind.kernel.clock import held, now
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

STAFF = a_call("warehouse")
NOTHING, PRICE = Money(0, "EUR").amount, Money(995, "EUR").amount
ALL = "SELECT day, sku, pieces FROM inventory.demand ORDER BY day, sku"


def placed(at: datetime, **goods: int) -> OrderPlaced:
    items = [OrderedItem(new_id(), sku, qty, PRICE) for sku, qty in goods.items()]
    fee = OrderedItem(None, "GIFT-WRAP", 1, PRICE)
    return OrderPlaced(
        new_id(), "somebody", PRICE, "EUR", (*items, fee), NOTHING, NOTHING, NOTHING, at
    )  # fmt: skip


async def hear(shop: Shop, *events: OrderPlaced) -> None:
    async with shop.db.transaction(a_call("system")) as tx:
        await on_order_placed.react(events, tx)


async def counted(shop: Shop) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await shop.db.pool.fetch(ALL)]


async def suggested(shop: Shop) -> dict[str, tuple[int, int]]:
    """SKU to how many were sold and ordered."""
    found = await shop.dispatch(SuggestReplenishment(), STAFF)
    return {one.sku: (one.sold, one.ordered) for one in found.items}


async def test_each_order_counts_on_its_own_day_in_whichever_order_they_are_heard(shop: Shop) -> None:
    today = now()
    yesterday, long_ago = today - timedelta(days=1), today - timedelta(days=KEPT_DAYS)
    await hear(shop, placed(today, A=1, B=2), placed(long_ago, A=50), placed(today, A=3))
    await hear(shop, placed(yesterday, A=5))
    await hear(shop, placed(long_ago, A=50))
    assert await counted(shop) == [
        (yesterday.date(), "A", 5), (today.date(), "A", 4), (today.date(), "B", 2)
    ]  # fmt: skip


async def test_days_that_are_over_are_forgotten(shop: Shop) -> None:
    today = now()
    await hear(shop, placed(today, A=1))
    later = today + timedelta(days=KEPT_DAYS)
    with held(later):
        await hear(shop, placed(later, A=2))
    assert await counted(shop) == [(later.date(), "A", 2)]


async def test_who_orders_again_sees_what_was_wanted_beside_what_was_sold(working_shop: Shop) -> None:
    await a_product(working_shop, "WANTED", stock=5)
    await an_ended_order(working_shop, "WANTED", qty=2)
    await an_ended_order(working_shop, "WANTED", qty=2, method="simulated:decline")

    async def both() -> bool:
        return (await suggested(working_shop)).get("WANTED") == (2, 4)

    await until(working_shop, both)
    async with working_shop.db.reading(a_call("system")) as tx:
        assert await tx.value("SELECT sum(reserved)::int FROM inventory.inventory_stock") == 0


async def test_of_a_bundle_its_parts_are_wanted(store: Store) -> None:
    await store.fill(LAMP=1, ROPE=1, KIT=0)
    await store.shop.dispatch(SetBundle(sku="KIT", parts={"LAMP": 2, "ROPE": 1}), STAFF)
    await hear(store.shop, placed(now(), KIT=3, ROPE=4))
    assert await suggested(store.shop) == {"LAMP": (0, 6), "ROPE": (0, 7)}


async def test_whoever_carries_events_next_counts_nothing_again(shop: Shop) -> None:
    await a_product(shop, "WANTED", stock=9)
    async with working(shop):
        await an_ended_order(shop, "WANTED", qty=2)
        await until(shop, lambda: counted(shop))
    async with working(shop):
        await an_ended_order(shop, "WANTED", qty=3)

        async def more() -> bool:
            return [pieces for _, _, pieces in await counted(shop)] == [5]

        await until(shop, more)
