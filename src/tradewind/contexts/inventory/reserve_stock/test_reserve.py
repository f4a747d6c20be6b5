"""Try: refusals, then races, then what is held."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.shops import a_call
from tradewind.contexts.inventory.conftest import Store, kinds, wants
from tradewind.contexts.inventory.reserve_stock import reserve as module
from tradewind.contracts.inventory import InventoryPeer, InventoryReserved, Level, NotEnoughStock, ReservedLine
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import AlreadyExists
from tradewind.runtime.telemetry import metrics


async def test_who_wants_too_much_gets_nothing_and_is_told_what_lacks(store: Store) -> None:
    await store.fill(A=3, B=1)
    counted = metrics.inventory_reservation_failures_total._value.get()
    (refusal,) = await store.reserve(wants(A=3, B=2, UNKNOWN=1))
    assert isinstance(refusal, NotEnoughStock)
    assert refusal.facts == {"skus": ["B", "UNKNOWN"]}
    assert await store.stock() == {"A": (3, 0), "B": (1, 0)}
    assert (await store.states(), await store.told()) == ([], [])
    assert metrics.inventory_reservation_failures_total._value.get() == counted + 1


async def test_in_a_batch_each_order_is_answered_for_itself(store: Store) -> None:
    await store.fill(A=3, B=9)
    answers = await store.reserve(wants(A=2), wants(A=2, B=1), wants(A=1, B=9), wants(B=1))
    assert kinds(answers) == ["InventoryReserved", "NotEnoughStock", "InventoryReserved", "NotEnoughStock"]
    assert await store.stock() == {"A": (3, 3), "B": (9, 9)}


async def test_the_table_itself_refuses_to_promise_more_than_there_is(store: Store) -> None:
    await store.fill(A=3)
    with pytest.raises(Exception, match="never_promise_more_than_there_is"):
        await store.shop.db.pool.execute("UPDATE inventory.inventory_stock SET reserved = 4")


async def test_many_at_once_get_exactly_what_there_is(store: Store) -> None:
    await store.fill(A=20, B=20)
    orders = [wants(A=1, B=1) if n % 2 else wants(B=1, A=1) for n in range(60)]
    answers = await asyncio.gather(*(store.reserve(order) for order in orders))
    assert sum(isinstance(answer, InventoryReserved) for (answer,) in answers) == 20
    assert await store.stock() == {"A": (20, 20), "B": (20, 20)}


async def test_without_the_guard_too_much_is_promised(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "planted", lambda name: name == "reserve_without_guard")
    await store.fill(A=20)
    answers = await asyncio.gather(*(store.reserve(wants(A=1)) for _ in range(60)))
    assert sum(isinstance(answer, InventoryReserved) for (answer,) in answers) > 20
    with pytest.raises(AssertionError):
        await store.stock()


async def test_who_asks_again_gets_the_same_answer_and_holds_no_more(store: Store) -> None:
    await store.fill(A=3)
    order = wants(A=2)
    first: Any = await store.reserve(order)
    again = await store.reserve(order)
    assert again == first
    await store.confirm(order.order_id)
    (later,) = await store.reserve(order)
    assert isinstance(later, InventoryReserved)
    assert [replace(later, levels=first[0].levels)] == first
    assert later.levels == (Level("A", 2, 1, 0),)
    assert await store.stock() == {"A": (1, 0)}


async def test_who_gave_back_does_not_get_it_again(store: Store) -> None:
    await store.fill(A=3)
    order = wants(A=2)
    await store.reserve(order)
    await store.release(order.order_id)
    assert kinds(await store.reserve(order)) == ["NotEnoughStock"]
    assert await store.stock() == {"A": (3, 0)}


async def test_in_a_batch_an_order_that_holds_already_fails_the_commit_and_nothing_is_written(store: Store) -> None:
    await store.fill(A=9)
    order = wants(A=2)
    await store.reserve(order)
    with pytest.raises(AlreadyExists):
        await store.reserve(order, wants(A=1))
    assert await store.stock() == {"A": (9, 2)}


async def test_one_order_asked_for_at_once_by_two_is_held_once(store: Store) -> None:
    await store.fill(A=9)
    order = wants(A=2)
    answers = await asyncio.gather(*(store.reserve(order) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, AlreadyExists) or kinds(answer) == ["InventoryReserved"] for answer in answers) == 4
    assert await store.stock() == {"A": (9, 2)}


async def test_what_is_held_is_held_for_the_promised_time_by_the_databases_clock(store: Store) -> None:
    await store.fill(A=9)
    order = wants(A=2)
    async with store.shop.db.transaction(a_call("system")) as tx:
        (answer,) = await tx.peer(InventoryPeer).reserve(tx, [order])
        begun = await tx.value("SELECT now()")
    assert isinstance(answer, InventoryReserved)
    assert answer == InventoryReserved(
        order_id=order.order_id,
        items=(ReservedLine("A", 2),),
        expires_at=begun + timedelta(seconds=900),
        levels=(Level("A", 1, 9, 2),),
    )
    assert await store.shop.db.pool.fetchval("SELECT expires_at FROM inventory.reservation") == answer.expires_at


async def test_low_and_empty_stock_are_told_once_under_the_products_key(store: Store) -> None:
    await store.fill(A=8)
    product = str(await store.shop.db.pool.fetchval("SELECT product_id FROM inventory.inventory_stock"))
    await store.reserve(wants(A=1), wants(A=1))
    assert await store.told() == []
    await store.reserve(wants(A=1))
    await store.reserve(wants(A=4))
    await store.reserve(wants(A=1), wants(A=1))
    assert await store.told() == [("stock.low", product), ("stock.depleted", product)]


async def test_nobody_asking_is_nothing_to_do(store: Store) -> None:
    assert await store.reserve() == []
    assert await store.confirm(new_id()) == frozenset()
