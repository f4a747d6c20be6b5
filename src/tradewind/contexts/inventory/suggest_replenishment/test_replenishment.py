"""Replenishment: what is suggested, how much, and when a SKU is low by its own threshold."""

from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contexts.inventory.queue_backorder.command import QueueBackorder
from tradewind.contexts.inventory.set_bundle.command import SetBundle
from tradewind.contexts.inventory.suggest_replenishment.query import (
    InvalidReplenishment,
    SetReplenishment,
    Suggestion,
    SuggestReplenishment,
)
from tradewind.contexts.inventory.transfer_stock.command import SendTransfer
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

STAFF = a_call("warehouse")
LONG_AGO = "UPDATE inventory.reservation SET expires_at = now() - interval '29 days' WHERE order_id = $1"
THRESHOLDS = "SELECT DISTINCT low_threshold FROM inventory.inventory_stock"


async def ask(store: Store, **said: Any) -> Any:
    return await store.shop.dispatch(SuggestReplenishment(**said), STAFF)


async def sell(store: Store, **quantities: int) -> Any:
    order = wants(**quantities)
    await store.reserve(order)
    await store.confirm(order.order_id)
    return order.order_id


async def test_what_makes_no_sense_is_refused(store: Store) -> None:
    await store.fill(A=9)
    for said in ({"low_threshold": -1}, {"low_threshold": 1, "lead_days": 366}, {"low_threshold": 1, "cover_days": 0}):
        with pytest.raises(InvalidReplenishment):
            await store.shop.dispatch(SetReplenishment(sku="A", **said), STAFF)
    with pytest.raises(NoSuchStock):
        await store.shop.dispatch(SetReplenishment(sku="NOBODY", low_threshold=1), STAFF)
    for command in (SetReplenishment(sku="A", low_threshold=1), SuggestReplenishment()):
        with pytest.raises(Forbidden):
            await store.shop.dispatch(command, a_call("customer"))
    assert [row["low_threshold"] for row in await store.db.pool.fetch(THRESHOLDS)] == [5]


async def test_low_stock_is_told_at_the_threshold_of_its_own(store: Store) -> None:
    await store.fill(A=20)
    await store.shop.dispatch(SetReplenishment(sku="A", low_threshold=15), STAFF)
    await store.open("NORTH")
    await store.put("NORTH", A=1)
    await store.reserve(wants(A=5))
    assert await store.told() == []
    await store.reserve(wants(A=1))
    assert [kind for kind, _ in await store.told()] == ["stock.low"]


async def test_what_does_not_last_until_it_is_delivered_is_suggested(store: Store) -> None:
    await store.fill(ENOUGH=200, SOLD=40, SLOW=40, KIT=0)
    await store.shop.dispatch(SetBundle(sku="KIT", parts={"SLOW": 1}), STAFF)
    await sell(store, ENOUGH=28, SOLD=28)
    await store.db.pool.execute(LONG_AGO, await sell(store, SLOW=28))
    (one,) = (await ask(store)).items
    # One a day: low at 5, 7 until the supplier has delivered, 28 to last.
    assert one == Suggestion(
        sku="SOLD", quantity=28, available=12, coming=0, waiting=0, sold=28, ordered=0, lead_days=7, reorder_point=12
    )
    await store.shop.dispatch(SetReplenishment(sku="SOLD", low_threshold=5, lead_days=6), STAFF)
    assert (await ask(store)).items == ()


async def test_what_is_on_the_road_counts_and_what_is_waited_for_too(store: Store) -> None:
    await store.fill(A=10)
    await store.open("NORTH")
    await store.shop.dispatch(SendTransfer(source="MAIN", target="NORTH", quantities={"A": 9}), STAFF)
    assert (await ask(store)).items == ()
    await store.shop.dispatch(QueueBackorder(backorder_id=new_id(), sku="A", quantity=6), STAFF)
    (one,) = (await ask(store)).items
    assert (one.available, one.coming, one.waiting, one.quantity) == (1, 9, 6, 1)


async def test_suggestions_come_in_pages(store: Store) -> None:
    await store.fill(A=1, B=1, C=1)
    first = await ask(store, limit=2)
    second = await ask(store, limit=2, cursor=first.next)
    assert [one.sku for one in (*first.items, *second.items)] == ["A", "B", "C"]
    assert second.next is None
