"""Purchases: what may be expected, that a delivery is booked once, and that no more comes than was ordered."""

import asyncio
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory._store.purchases import NoSuchPurchase, Status
from tradewind.contexts.inventory.conftest import Store
from tradewind.contexts.inventory.purchase_stock.command import (
    ClosePurchase,
    InvalidPurchase,
    MoreThanOrdered,
    PlacePurchase,
    PurchaseClosed,
    ReceivePurchase,
)
from tradewind.contexts.inventory.suggest_replenishment.query import SuggestReplenishment
from tradewind.contracts.inventory import NoSuchWarehouse
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

STAFF = a_call("warehouse")
PURCHASES = "SELECT count(*) FROM inventory.purchase"


async def place(store: Store, call: Any = STAFF, warehouse: str = "MAIN", **quantities: int) -> Any:
    return await store.shop.dispatch(PlacePurchase(supplier="Acme", quantities=quantities, warehouse=warehouse), call)


async def receive(store: Store, purchase: Any, note: str, **came: int) -> Any:
    return await store.shop.dispatch(ReceivePurchase(purchase_id=purchase.id, note=note, came=came), STAFF)


async def test_what_nobody_can_expect_is_refused(store: Store) -> None:
    await store.fill(A=0)
    with pytest.raises(Forbidden):
        await place(store, a_call("customer"), A=1)
    for quantities in ({}, {"A": 0}, {"A": 1_000_001}):
        with pytest.raises(InvalidPurchase):
            await store.shop.dispatch(PlacePurchase(supplier="Acme", quantities=quantities), STAFF)
    with pytest.raises(InvalidPurchase):
        await store.shop.dispatch(PlacePurchase(supplier=" ", quantities={"A": 1}), STAFF)
    with pytest.raises(NoSuchStock):
        await place(store, NOBODY=1)
    with pytest.raises(NoSuchWarehouse):
        await place(store, warehouse="NORTH", A=1)
    with pytest.raises(NoSuchPurchase):
        await store.shop.dispatch(ReceivePurchase(purchase_id=new_id(), note="1", came={"A": 1}), STAFF)
    assert (await store.db.pool.fetchval(PURCHASES), await store.told()) == (0, [])


async def test_more_than_was_ordered_does_not_come_and_nothing_of_it_is_booked(store: Store) -> None:
    await store.fill(A=0, B=0)
    purchase = await place(store, A=5, B=2)
    for note in ("no note", ""):
        with pytest.raises(InvalidPurchase):
            await receive(store, purchase, note, A=1)
    with pytest.raises(MoreThanOrdered) as refused:
        await receive(store, purchase, "N-1", A=5, B=3)
    assert refused.value.facts == {"left": {"A": 5, "B": 2}}
    assert await store.stock() == {"A": (0, 0), "B": (0, 0)}
    await receive(store, purchase, "N-1", A=5)
    assert await store.stock() == {"A": (5, 0), "B": (0, 0)}


async def test_a_purchase_comes_in_parts_each_of_which_is_booked_once(store: Store) -> None:
    await store.fill(A=0, B=0)
    await store.open("NORTH")
    purchase = await place(store, warehouse="NORTH", A=5, B=2)
    answers = await asyncio.gather(*(receive(store, purchase, "N-1", A=3) for _ in range(4)))
    assert {answer.status for answer in answers} == {Status.OPEN}
    got = await receive(store, purchase, "N-2", A=2, B=2)
    assert (got.status, [(line.sku, line.received) for line in got.lines]) == (Status.CLOSED, [("A", 5), ("B", 2)])
    assert await receive(store, purchase, "N-2", A=2, B=2) == got
    assert await store.shelves("A") == {"MAIN": (0, 0), "NORTH": (5, 0)}


async def test_of_what_was_closed_nothing_comes_any_more(store: Store) -> None:
    await store.fill(A=0)
    purchase = await place(store, A=5)
    await receive(store, purchase, "N-1", A=1)
    await store.shop.dispatch(ClosePurchase(purchase_id=purchase.id), STAFF)
    with pytest.raises(PurchaseClosed):
        await receive(store, purchase, "N-2", A=1)
    assert await store.stock() == {"A": (1, 0)}


async def test_what_is_expected_need_not_be_ordered_again(store: Store) -> None:
    await store.fill(A=1)
    (suggested,) = (await store.shop.dispatch(SuggestReplenishment(), STAFF)).items
    purchase = await place(store, A=suggested.quantity + 1)
    assert (await store.shop.dispatch(SuggestReplenishment(), STAFF)).items == ()
    await store.shop.dispatch(ClosePurchase(purchase_id=purchase.id), STAFF)
    assert (await store.shop.dispatch(SuggestReplenishment(), STAFF)).items == (suggested,)
