"""Backorders: who waits longest is served first, wholly and once; nobody is overtaken."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.shops import a_call, until, working
from tradewind.contexts.inventory._domain.claim import InvalidClaim
from tradewind.contexts.inventory._domain.reservation import State
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory._store.backorders import NoSuchBackorder, Status
from tradewind.contexts.inventory.claim_stock.command import ConfirmReservation
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contexts.inventory.queue_backorder.command import CancelBackorder, GetBackorder, QueueBackorder
from tradewind.contexts.inventory.serve_backorders.timer import serve_backorders
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

STAFF = a_call("warehouse")
COUNT = "SELECT count(*) FROM inventory.backorder"


async def wait_for(store: Store, sku: str, quantity: int, backorder_id: UUID | None = None) -> Any:
    command = QueueBackorder(backorder_id=backorder_id or new_id(), sku=sku, quantity=quantity)
    return await store.shop.dispatch(command, STAFF)


async def status(store: Store, *waiting: Any) -> list[Status]:
    return [(await store.shop.dispatch(GetBackorder(backorder_id=one.id), STAFF)).status for one in waiting]


async def serve(store: Store) -> int:
    """As the timer does: until there is nothing to do."""
    served = 0
    while True:
        async with store.db.transaction(a_call("system")) as tx:
            now = await serve_backorders(tx)
        if not now:
            return served
        served += now


async def test_what_nobody_can_wait_for_is_refused(store: Store) -> None:
    await store.fill(A=0)
    with pytest.raises(Forbidden):
        await store.shop.dispatch(QueueBackorder(backorder_id=new_id(), sku="A", quantity=1), a_call("customer"))
    for quantity in (0, 100_001):
        with pytest.raises(InvalidClaim):
            await wait_for(store, "A", quantity)
    with pytest.raises(NoSuchStock):
        await wait_for(store, "NOBODY", 1)
    with pytest.raises(NoSuchBackorder):
        await store.shop.dispatch(CancelBackorder(backorder_id=new_id()), STAFF)
    assert await store.db.pool.fetchval(COUNT) == 0


async def test_asking_twice_waits_once(store: Store) -> None:
    await store.fill(A=0)
    ahead, mine = await wait_for(store, "A", 1), new_id()
    answers = await asyncio.gather(*(wait_for(store, "A", 2, mine) for _ in range(4)))
    assert {(one.status, one.ahead) for one in answers} == {(Status.WAITING, 1)}
    assert (ahead.ahead, await store.db.pool.fetchval(COUNT)) == (0, 2)
    assert await serve(store) == 0


async def test_who_waits_longest_is_served_first_and_nobody_overtakes(store: Store) -> None:
    await store.fill(A=0, B=0)
    first, large, small, other = [await wait_for(store, *one) for one in (("A", 2), ("A", 5), ("A", 1), ("B", 1))]
    await store.put("MAIN", A=4)
    assert await serve(store) == 1
    assert await status(store, first, large, small, other) == [Status.RESERVED] + [Status.WAITING] * 3
    await store.put("MAIN", A=3, B=1)
    assert await serve(store) == 2
    assert await status(store, large, small, other) == [Status.RESERVED, Status.WAITING, Status.RESERVED]
    assert await store.stock() == {"A": (7, 7), "B": (1, 1)}


async def test_what_was_waited_for_is_confirmed_as_a_reservation(store: Store) -> None:
    await store.fill(A=0)
    one = await wait_for(store, "A", 2)
    await store.put("MAIN", A=3)
    await serve(store)
    assert await store.told() == [("reservation.reserved", str(one.id))]
    confirmed = await store.shop.dispatch(ConfirmReservation(reservation_id=one.id), STAFF)
    assert confirmed.state is State.CONFIRMED
    assert await store.stock() == {"A": (1, 0)}


async def test_who_gave_up_is_not_served_and_gives_back_what_was_held(store: Store) -> None:
    await store.fill(A=0)
    gone, held, last = [await wait_for(store, "A", 2) for _ in range(3)]
    await store.shop.dispatch(CancelBackorder(backorder_id=gone.id), STAFF)
    await store.put("MAIN", A=2)
    await serve(store)
    assert await status(store, gone, held, last) == [Status.CANCELED, Status.RESERVED, Status.WAITING]
    for _ in range(2):
        await store.shop.dispatch(CancelBackorder(backorder_id=held.id), STAFF)
    await serve(store)
    assert await status(store, held, last) == [Status.CANCELED, Status.RESERVED]
    assert await store.stock() == {"A": (2, 2)}


async def test_giving_up_and_being_served_at_once_leaves_one_of_both(store: Store) -> None:
    await store.fill(A=0)
    for _ in range(8):
        one = await wait_for(store, "A", 1)
        await store.put("MAIN", A=1)
        await asyncio.gather(
            store.shop.dispatch(CancelBackorder(backorder_id=one.id), STAFF), serve(store), serve(store)
        )
        assert await status(store, one) == [Status.CANCELED]
    assert await store.stock() == {"A": (8, 0)}


async def test_a_working_shop_serves_by_itself_what_an_order_gave_back(store: Store) -> None:
    await store.fill(A=3)
    order = wants(A=3)
    await store.reserve(order)
    one = await wait_for(store, "A", 2)

    async def served() -> bool:
        return await status(store, one) == [Status.RESERVED]

    async with working(store.shop):
        await store.release(order.order_id)
        assert await until(store.shop, served)
    assert await store.stock() == {"A": (3, 2)}
