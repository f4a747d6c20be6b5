"""Several warehouses: who may open them, what may be put in, and from which of them an order is served."""

import asyncio
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.inventory._domain.warehouse import (
    InvalidWarehouse,
    Warehouse,
    WarehouseExists,
    WarehouseNotEmpty,
)
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.inventory.change_warehouse.command import ChangeWarehouse
from tradewind.contexts.inventory.conftest import Store, kinds, wants
from tradewind.contexts.inventory.list_warehouses.query import ListWarehouses
from tradewind.contexts.inventory.open_warehouse.command import OpenWarehouse
from tradewind.contexts.inventory.query_stock.query import QueryStock, ShelfView
from tradewind.contexts.inventory.reserve_stock import reserve as module
from tradewind.contracts.inventory import (
    Delivery,
    InventoryPeer,
    InventoryReserved,
    NoSuchWarehouse,
    ReservedLine,
    Wanted,
    WarehouseClosed,
)
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

STAFF = a_call("warehouse")


def a_warehouse(**different: Any) -> Warehouse:
    return Warehouse(**{"code": "NORTH", "name": "North", "country": "GB", **different})


async def change(store: Store, **different: Any) -> Any:
    return await store.shop.dispatch(ChangeWarehouse(warehouse=a_warehouse(**different)), STAFF)


async def opens(store: Store, code: str, **said: Any) -> None:
    await store.shop.dispatch(OpenWarehouse(warehouse=a_warehouse(code=code, **said)), STAFF)


async def delivers(store: Store, warehouse: str, **stock: int) -> None:
    for sku, delta in stock.items():
        await store.shop.dispatch(AdjustStock(sku=sku, delta=delta, reason="delivery", warehouse=warehouse), STAFF)


async def codes(store: Store) -> list[str]:
    return [one.code for one in (await store.shop.dispatch(ListWarehouses(), STAFF)).items]


async def test_a_customer_opens_no_warehouse_and_sees_none(store: Store) -> None:
    for command in (OpenWarehouse(warehouse=a_warehouse()), ListWarehouses()):
        with pytest.raises(Forbidden):
            await store.shop.dispatch(command, a_call("customer"))
    assert await codes(store) == ["MAIN"]


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"code": "north"}, "/code"),
        ({"code": ""}, "/code"),
        ({"name": " "}, "/name"),
        ({"country": "gb"}, "/country"),
        ({"postal_code": "1" * 17}, "/postalCode"),
        ({"address": "a\nb"}, "/address"),
        ({"priority": 1_001}, "/priority"),
        ({"code": "MAIN", "active": False}, "/active"),
    ],
)
async def test_a_warehouse_that_nobody_can_find_is_refused(
    store: Store, different: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidWarehouse) as refused:
        await store.shop.dispatch(OpenWarehouse(warehouse=a_warehouse(**different)), STAFF)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == [pointer]
    assert await codes(store) == ["MAIN"]


async def test_a_code_is_taken_once(store: Store) -> None:
    tries = (opens(store, "NORTH") for _ in range(4))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType"] + ["WarehouseExists"] * 3
    with pytest.raises(WarehouseExists):
        await opens(store, "MAIN")
    assert await codes(store) == ["MAIN", "NORTH"]


async def test_nothing_is_put_where_there_is_no_warehouse_or_a_closed_one(store: Store) -> None:
    await store.fill(A=1)
    with pytest.raises(NoSuchWarehouse):
        await delivers(store, "NORTH", A=5)
    with pytest.raises(NoSuchWarehouse):
        await change(store)
    await opens(store, "NORTH", active=False)
    with pytest.raises(WarehouseClosed):
        await delivers(store, "NORTH", A=5)
    assert (await store.shelves("A"), await store.told()) == ({"MAIN": (1, 0)}, [])


async def test_a_warehouse_is_closed_once_it_is_empty(store: Store) -> None:
    await store.fill(A=1)
    await opens(store, "NORTH")
    await delivers(store, "NORTH", A=5)
    with pytest.raises(WarehouseNotEmpty) as refused:
        await change(store, active=False)
    assert refused.value.facts == {"warehouse": "NORTH", "pieces": 5}
    await delivers(store, "NORTH", A=-5)
    assert (await change(store, active=False, priority=7)).priority == 7
    assert await codes(store) == ["NORTH", "MAIN"]


async def test_closing_and_putting_in_at_once_leaves_nothing_in_a_closed_warehouse(store: Store) -> None:
    await store.fill(A=1)
    for number in range(6):
        code = f"N-{number}"
        await opens(store, code)
        closing = change(store, code=code, active=False)
        answers = await asyncio.gather(closing, delivers(store, code, A=1), return_exceptions=True)
        refusals = [type(answer) for answer in answers if isinstance(answer, Exception)]
        assert refusals in ([WarehouseNotEmpty], [WarehouseClosed])


async def test_stock_is_shown_for_each_warehouse_and_in_all(store: Store) -> None:
    await store.fill(A=2)
    await opens(store, "NORTH")
    await delivers(store, "NORTH", A=5)
    await store.reserve(wants(A=3))
    seen = await store.shop.dispatch(QueryStock(sku="A"), a_call("anonymous"))
    assert (seen.on_hand, seen.reserved, seen.available) == (7, 3, 4)
    assert seen.warehouses == (
        ShelfView(warehouse="MAIN", on_hand=2, reserved=2, available=0),
        ShelfView(warehouse="NORTH", on_hand=5, reserved=1, available=4),
    )


async def test_an_adjustment_tells_what_lies_everywhere_and_where_it_was(store: Store) -> None:
    await store.fill(A=2)
    await opens(store, "NORTH")
    await delivers(store, "NORTH", A=5)
    told = await store.shop.db.pool.fetchval("SELECT payload FROM runtime.outbox")
    assert '"onHand":7' in told.replace(" ", "")
    assert '"warehouse":"NORTH"' in told.replace(" ", "")


async def test_places_that_are_opened_at_once_are_all_counted(store: Store) -> None:
    await store.fill(A=1)
    names = [f"N-{number}" for number in range(6)]
    for code in names:
        await opens(store, code)
    await asyncio.gather(*(delivers(store, code, A=2) for code in names), delivers(store, "MAIN", A=1))
    assert await store.stock() == {"A": (14, 0)}
    highest = "SELECT max((payload->>'onHand')::int) FROM runtime.outbox"
    assert await store.shop.db.pool.fetchval(highest) == 14


async def test_an_order_that_no_warehouse_has_whole_is_split_and_goes_its_way_whole(store: Store) -> None:
    await store.fill(A=2, B=1)
    await opens(store, "NORTH", priority=1)
    await delivers(store, "NORTH", A=2, B=1)
    order = wants(A=3, B=1)
    (answer,) = await store.reserve(order)
    assert isinstance(answer, InventoryReserved)
    assert answer.items == (ReservedLine("A", 2, "NORTH"), ReservedLine("A", 1, "MAIN"), ReservedLine("B", 1, "NORTH"))
    assert await store.reserve(order) == [answer]
    assert kinds(await store.reserve(wants(A=2))) == ["NotEnoughStock"]
    assert await store.confirm(order.order_id) == {order.order_id}
    assert (await store.shelves("A"), await store.shelves("B")) == (
        {"MAIN": (1, 0), "NORTH": (0, 0)}, {"MAIN": (1, 0), "NORTH": (0, 0)},
    )  # fmt: skip
    await store.release(order.order_id)
    assert await store.shelves("A") == {"MAIN": (2, 0), "NORTH": (2, 0)}


async def test_the_owner_chooses_the_strategy(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALLOCATION", "nearest")
    await store.fill(A=9)
    await opens(store, "NORTH", country="GB", postal_code="M1 1AE")
    await opens(store, "SOUTH", country="GB", postal_code="SW1A 2AA")
    await delivers(store, "NORTH", A=9)
    await delivers(store, "SOUTH", A=9)
    goal = {"country": "GB", "postalCode": "SW1E 5JL"}
    (answer,) = await store.reserve(Wanted(new_id(), {"A": 1}, goal))
    assert isinstance(answer, InventoryReserved)
    assert answer.items == (ReservedLine("A", 1, "SOUTH"),)


async def test_what_goes_by_a_delivery_goes_from_wherever_it_lies(store: Store) -> None:
    await store.fill(A=2)
    await opens(store, "NORTH")
    await delivers(store, "NORTH", A=5)
    for _ in range(2):
        async with store.shop.db.transaction(a_call("system")) as tx:
            gone = [Delivery("A", new_id(), -4, "parcel:1:A")]
            await tx.peer(InventoryPeer).receive(tx, gone, reason="a lost parcel replaced")
    assert await store.shelves("A") == {"MAIN": (0, 0), "NORTH": (3, 0)}


async def test_many_at_once_get_exactly_what_two_warehouses_have(store: Store) -> None:
    await store.fill(A=10, B=13)
    await opens(store, "NORTH")
    await delivers(store, "NORTH", A=10, B=7)
    orders = [wants(A=1, B=1) if n % 2 else wants(B=1, A=1) for n in range(60)]
    answers = await asyncio.gather(*(store.reserve(order) for order in orders))
    held = [answer for (answer,) in answers if isinstance(answer, InventoryReserved)]
    assert len(held) == 20
    await asyncio.gather(*(store.confirm(one.order_id) for one in held), *(store.release(o.order_id) for o in orders))
    assert await store.stock() == {"A": (20, 0), "B": (20, 0)}
