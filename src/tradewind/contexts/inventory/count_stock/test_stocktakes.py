"""Stocktakes: refusals, and that what was sold while somebody counted is not taken for a loss."""

import asyncio
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.inventory._domain.stock import BelowReserved, NoSuchStock
from tradewind.contexts.inventory._store.stocktakes import NoSuchStocktake, Status
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contexts.inventory.count_stock import command as module
from tradewind.contexts.inventory.count_stock.command import (
    AlreadyCounted,
    CloseStocktake,
    GetStocktake,
    InvalidCount,
    OpenStocktake,
)
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

STAFF = a_call("warehouse")


async def opened(store: Store, *skus: str, warehouse: str = "MAIN") -> Any:
    return await store.shop.dispatch(OpenStocktake(warehouse=warehouse, skus=skus), STAFF)


async def close(store: Store, stocktake: Any, **counted: int) -> Any:
    return await store.shop.dispatch(CloseStocktake(stocktake_id=stocktake.id, counted=counted), STAFF)


async def sell(store: Store, **quantities: int) -> None:
    order = wants(**quantities)
    await store.reserve(order)
    await store.confirm(order.order_id)


async def test_what_cannot_be_counted_is_not(store: Store) -> None:
    await store.fill(A=9)
    with pytest.raises(Forbidden):
        await store.shop.dispatch(OpenStocktake(warehouse="MAIN", skus=("A",)), a_call("customer"))
    with pytest.raises(InvalidCount):
        await opened(store)
    with pytest.raises(NoSuchStock):
        await opened(store, "NOBODY")
    with pytest.raises(NoSuchStocktake):
        await store.shop.dispatch(CloseStocktake(stocktake_id=new_id(), counted={"A": 1}), STAFF)
    stocktake = await opened(store, "A")
    for counted in ({}, {"A": -1}, {"A": 1, "B": 1}):
        with pytest.raises(InvalidCount):
            await close(store, stocktake, **counted)
    assert (await store.stock(), await store.told()) == ({"A": (9, 0)}, [])


async def test_pieces_that_are_promised_and_not_there_need_a_person(store: Store) -> None:
    await store.fill(A=9)
    await store.reserve(wants(A=8))
    stocktake = await opened(store, "A")
    with pytest.raises(BelowReserved):
        await close(store, stocktake, A=7)
    assert await store.stock() == {"A": (9, 8)}
    assert (await store.shop.dispatch(GetStocktake(stocktake_id=stocktake.id), STAFF)).status is Status.OPEN


async def test_what_was_sold_while_somebody_counted_is_no_loss(store: Store) -> None:
    await store.fill(A=20, B=20)
    stocktake = await opened(store, "A", "B")
    await sell(store, A=5, B=5)
    await close(store, stocktake, A=19, B=20)
    assert await store.stock() == {"A": (14, 0), "B": (15, 0)}


async def test_counting_against_the_books_of_now_would_bring_sold_pieces_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "planted", lambda name: name == "count_against_the_books_of_now")
    await store.fill(A=20)
    stocktake = await opened(store, "A")
    await sell(store, A=5)
    await close(store, stocktake, A=19)
    assert await store.stock() == {"A": (19, 0)}, "five pieces that are sold are on the shelf again"


async def test_counting_and_selling_at_once_end_where_both_say(store: Store) -> None:
    await store.fill(A=50)
    stocktake = await opened(store, "A")
    sales = [sell(store, A=1) for _ in range(12)]
    answers = await asyncio.gather(*sales[:6], *(close(store, stocktake, A=47) for _ in range(3)), *sales[6:])
    assert {one.status for one in answers if one is not None} == {Status.CLOSED}
    assert await store.stock() == {"A": (35, 0)}


async def test_a_count_is_closed_once(store: Store) -> None:
    await store.fill(A=9)
    stocktake = await opened(store, "A")
    first = await close(store, stocktake, A=8)
    assert await close(store, stocktake, A=8) == first
    with pytest.raises(AlreadyCounted):
        await close(store, stocktake, A=7)
    assert await store.stock() == {"A": (8, 0)}


async def test_what_is_found_where_none_was_known_is_booked_there(store: Store) -> None:
    await store.fill(A=9)
    await store.open("NORTH")
    stocktake = await opened(store, "A", warehouse="NORTH")
    await close(store, stocktake, A=2)
    assert await store.shelves("A") == {"MAIN": (9, 0), "NORTH": (2, 0)}
