"""Transfers: refusals, what arrives twice, what is lost, and that nobody buys what is on the road."""

import asyncio
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.inventory._domain.stock import BelowReserved, NoSuchStock
from tradewind.contexts.inventory._store.transfers import NoSuchTransfer, Status
from tradewind.contexts.inventory.conftest import Store, kinds, wants
from tradewind.contexts.inventory.transfer_stock.command import (
    AlreadyReceived,
    GetTransfer,
    InvalidTransfer,
    ReceiveTransfer,
    SendTransfer,
)
from tradewind.contracts.inventory import NoSuchWarehouse
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

STAFF = a_call("warehouse")
TRANSFERS = "SELECT count(*) FROM inventory.transfer"


async def send(store: Store, call: Any = STAFF, *, target: str = "NORTH", **quantities: int) -> Any:
    return await store.shop.dispatch(SendTransfer(source="MAIN", target=target, quantities=quantities), call)


async def receive(store: Store, transfer: Any, **came: int) -> Any:
    return await store.shop.dispatch(ReceiveTransfer(transfer_id=transfer.id, came=came or None), STAFF)


async def two_warehouses(store: Store) -> None:
    await store.fill(A=9, B=5)
    await store.open("NORTH")


async def nothing_was_sent(store: Store) -> bool:
    return not await store.db.pool.fetchval(TRANSFERS) and await store.stock() == {"A": (9, 0), "B": (5, 0)}


async def test_what_cannot_be_sent_stays_where_it_is(store: Store) -> None:
    await two_warehouses(store)
    with pytest.raises(Forbidden):
        await send(store, a_call("customer"), A=1)
    for quantities in ({}, {"A": 0}, {"A": -1}):
        with pytest.raises(InvalidTransfer):
            await store.shop.dispatch(SendTransfer(source="MAIN", target="NORTH", quantities=quantities), STAFF)
    with pytest.raises(InvalidTransfer):
        await send(store, target="MAIN", A=1)
    with pytest.raises(NoSuchWarehouse):
        await send(store, target="SOUTH", A=1)
    with pytest.raises(NoSuchStock):
        await send(store, NOBODY=1)
    with pytest.raises(BelowReserved):
        await send(store, A=1, B=6)
    assert await nothing_was_sent(store)


async def test_what_is_promised_is_not_sent_away(store: Store) -> None:
    await two_warehouses(store)
    await store.reserve(wants(A=7))
    with pytest.raises(BelowReserved):
        await send(store, A=3)
    assert await store.shelves("A") == {"MAIN": (9, 7)}


async def test_goods_on_the_road_are_in_neither_place_and_nobody_buys_them(store: Store) -> None:
    await two_warehouses(store)
    sent = await send(store, A=9, B=2)
    assert sent.status is Status.IN_TRANSIT
    assert kinds(await store.reserve(wants(A=1))) == ["NotEnoughStock"]
    assert (await receive(store, sent)).status is Status.RECEIVED
    assert await store.shelves("A") == {"MAIN": (0, 0), "NORTH": (9, 0)}
    assert await store.shelves("B") == {"MAIN": (3, 0), "NORTH": (2, 0)}
    kinds_told = [kind for kind, _ in await store.told()]
    assert kinds_told == ["stock.adjusted"] * 2 + ["stock.low", "stock.depleted"] + ["stock.adjusted"] * 2


async def test_what_arrives_twice_or_at_once_is_booked_once(store: Store) -> None:
    await two_warehouses(store)
    sent = await send(store, A=4)
    answers = await asyncio.gather(*(receive(store, sent) for _ in range(4)))
    assert {answer.status for answer in answers} == {Status.RECEIVED}
    assert await store.shelves("A") == {"MAIN": (5, 0), "NORTH": (4, 0)}


async def test_what_does_not_arrive_is_lost_and_nobody_makes_it_more(store: Store) -> None:
    await two_warehouses(store)
    sent = await send(store, A=4, B=2)
    for came in ({"A": 5}, {"A": -1}, {"C": 1}):
        with pytest.raises(InvalidTransfer):
            await receive(store, sent, **came)
    got = await receive(store, sent, A=3)
    assert [(line.sku, line.qty, line.received) for line in got.lines] == [("A", 4, 3), ("B", 2, 0)]
    with pytest.raises(AlreadyReceived):
        await receive(store, sent)
    assert await store.stock() == {"A": (8, 0), "B": (3, 0)}
    assert await store.shop.dispatch(GetTransfer(transfer_id=sent.id), STAFF) == got


async def test_what_was_never_sent_does_not_arrive(store: Store) -> None:
    with pytest.raises(NoSuchTransfer):
        await store.shop.dispatch(ReceiveTransfer(transfer_id=new_id()), STAFF)


async def test_sending_there_and_back_at_once_neither_locks_nor_loses(store: Store) -> None:
    await two_warehouses(store)
    await store.put("NORTH", A=9, B=5)
    back = SendTransfer(source="NORTH", target="MAIN", quantities={"B": 1, "A": 1})
    tries = [send(store, A=1, B=1) if n % 2 else store.shop.dispatch(back, STAFF) for n in range(10)]
    sent = await asyncio.gather(*tries)
    await asyncio.gather(*(receive(store, one) for one in sent))
    assert await store.shelves("A") == {"MAIN": (9, 0), "NORTH": (9, 0)}
