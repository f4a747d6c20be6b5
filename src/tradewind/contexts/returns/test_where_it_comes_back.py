"""Where what comes back is put: in the warehouse that it is received at, or that it had left; never in a closed one."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product
from tests.comebacks import STAFF, a_delivered_order, approved, comes_to, inspected, received
from tests.shops import Shop
from tests.warehouses import bundled, closed, moved, opened
from tradewind.contexts.returns._domain.returned import UnfitReceipt
from tradewind.contexts.returns.get_return.query import GetReturn
from tradewind.contexts.returns.manifest import ReceiveReturn
from tradewind.contracts.inventory import NoSuchWarehouse, ReturnsWait, WarehouseClosed
from tradewind.kernel.lifecycle import IllegalMove

SKU = "BOOK"
SHELVES = "SELECT warehouse, on_hand FROM inventory.inventory_stock WHERE sku = $1 AND on_hand > 0"
TOLD = """
    SELECT payload -> 'items' -> 0 ->> 'warehouse' FROM runtime.outbox
    WHERE key = $1 AND type = 'ecommerce.return.return.received.v1'
"""
BOOKED = "SELECT warehouse, delta FROM inventory.inventory_adjustment WHERE reference LIKE $1 ORDER BY reference"
CLOSE = "UPDATE inventory.warehouse SET active = false WHERE code = 'EAST'"
CLOSED = """
    SELECT count(*) FROM inventory.inventory_stock AS s JOIN inventory.warehouse AS w ON w.code = s.warehouse
    WHERE NOT w.active AND s.on_hand > 0
"""


async def shelves(shop: Shop, sku: str = SKU) -> dict[str, int]:
    return dict(await shop.db.pool.fetch(SHELVES, sku))


async def sold_from_east(shop: Shop, *, east: int = 4, qty: int = 4) -> UUID:
    """A delivered order of books, served from EAST first; ten more lie in the main warehouse."""
    await a_product(shop, SKU, stock=10)
    await opened(shop, "EAST")
    await moved(shop, "EAST", SKU, east)
    return await a_delivered_order(shop, SKU, qty)


async def test_goods_are_received_at_no_warehouse_that_is_not_there_or_closed_and_nothing_is_written(
    working_shop: Shop,
) -> None:
    one = await approved(working_shop, await sold_from_east(working_shop), SKU, 2)
    await opened(working_shop, "WEST", priority=200)
    await closed(working_shop, "WEST")
    before = await shelves(working_shop)
    for refused, command in (
        (NoSuchWarehouse, ReceiveReturn(return_id=one.id, warehouse="NORTH")),
        (NoSuchWarehouse, ReceiveReturn(return_id=one.id, apart=((SKU, "NORTH"),))),
        (WarehouseClosed, ReceiveReturn(return_id=one.id, warehouse="WEST")),
        (UnfitReceipt, ReceiveReturn(return_id=one.id, apart=(("ANOTHER", "EAST"),))),
        (UnfitReceipt, ReceiveReturn(return_id=one.id, apart=((SKU, "EAST"), (SKU, "MAIN")))),
    ):
        with pytest.raises(refused):
            await working_shop.dispatch(command, STAFF)
    seen = await working_shop.dispatch(GetReturn(return_id=one.id), STAFF)
    assert (seen.status, seen.lines[0].warehouse) == ("APPROVED", None)
    assert await shelves(working_shop) == before


async def test_who_names_no_warehouse_puts_goods_back_where_they_had_left(working_shop: Shop) -> None:
    one = await received(working_shop, await sold_from_east(working_shop), SKU, 3)
    assert one.lines[0].warehouse == "EAST"
    assert await working_shop.db.pool.fetchval(TOLD, str(one.id)) == "EAST"
    await inspected(working_shop, one, restocked=2, written_off=1)
    await comes_to(working_shop, one.id, "REFUNDED")
    assert await shelves(working_shop) == {"MAIN": 10, "EAST": 2}


@pytest.mark.parametrize(("east", "place"), [(1, "MAIN"), (2, "EAST"), (3, "EAST")])
async def test_what_left_two_warehouses_comes_back_to_the_one_that_most_of_it_had_left(
    working_shop: Shop, east: int, place: str
) -> None:
    order_id = await sold_from_east(working_shop, east=east, qty=4)
    assert (await received(working_shop, order_id, SKU, 4)).lines[0].warehouse == place


async def test_the_warehouse_that_is_named_is_where_goods_are_put(working_shop: Shop) -> None:
    order_id = await sold_from_east(working_shop)
    await opened(working_shop, "WEST", priority=200)
    whole = await received(working_shop, order_id, SKU, 1, warehouse="WEST")
    apart = await approved(working_shop, order_id, SKU, 2)
    command = ReceiveReturn(return_id=apart.id, warehouse="WEST", apart=((SKU, "MAIN"),))
    await working_shop.dispatch(command, STAFF)
    await inspected(working_shop, whole, restocked=1)
    await inspected(working_shop, apart, restocked=2)
    assert await shelves(working_shop) == {"MAIN": 12, "WEST": 1}
    with pytest.raises(IllegalMove):
        await working_shop.dispatch(command, STAFF)


async def test_a_warehouse_closes_once_what_came_back_to_it_was_inspected(working_shop: Shop) -> None:
    order_id = await sold_from_east(working_shop)
    here = [await received(working_shop, order_id, SKU, pieces) for pieces in (1, 2)]
    with pytest.raises(ReturnsWait) as refused:
        await closed(working_shop, "EAST")
    assert refused.value.facts == {"warehouse": "EAST", "returns": [str(one.id) for one in here], "pieces": 3}
    assert "inspect those returns first" in str(refused.value)
    await inspected(working_shop, here[0], written_off=1)
    await inspected(working_shop, here[1], written_off=1, refused=1)
    await closed(working_shop, "EAST")
    assert await shelves(working_shop) == {"MAIN": 10}


async def test_a_warehouse_that_closed_since_takes_nothing_until_another_is_named_or_it_is_open_again(
    working_shop: Shop,
) -> None:
    order_id = await sold_from_east(working_shop)
    coming, other = [await approved(working_shop, order_id, SKU, 1) for _ in range(2)]
    await closed(working_shop, "EAST")
    for late in (ReceiveReturn(return_id=coming.id), ReceiveReturn(return_id=coming.id, warehouse="EAST")):
        with pytest.raises(WarehouseClosed):
            await working_shop.dispatch(late, STAFF)
    await working_shop.dispatch(ReceiveReturn(return_id=coming.id, warehouse="MAIN"), STAFF)
    await closed(working_shop, "EAST", active=True)
    here = await working_shop.dispatch(ReceiveReturn(return_id=other.id), STAFF)
    await working_shop.db.pool.execute(CLOSE)  # as one could before returns stood in the way
    with pytest.raises(WarehouseClosed):
        await inspected(working_shop, here, restocked=1)
    assert (await working_shop.dispatch(GetReturn(return_id=here.id), STAFF)).status == "RECEIVED"
    assert await shelves(working_shop) == {"MAIN": 10}
    await closed(working_shop, "EAST", active=True)
    await inspected(working_shop, here, restocked=1)
    assert await shelves(working_shop) == {"MAIN": 10, "EAST": 1}


async def test_a_warehouse_that_closes_while_goods_are_inspected_is_empty_or_open(working_shop: Shop) -> None:
    order_id = await sold_from_east(working_shop)
    for _ in range(4):
        one = await received(working_shop, order_id, SKU, 1)
        both = (inspected(working_shop, one, restocked=1), closed(working_shop, "EAST"))
        outcomes: list[Any] = await asyncio.gather(*both, return_exceptions=True)
        assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1, outcomes
        assert await working_shop.db.pool.fetchval(CLOSED) == 0
        await closed(working_shop, "EAST", active=True)
        if "EAST" in await shelves(working_shop):
            await moved(working_shop, "EAST", SKU, -1)


async def test_of_receiving_and_closing_at_once_one_is_refused(working_shop: Shop) -> None:
    order_id = await sold_from_east(working_shop)
    for _ in range(4):
        one = await approved(working_shop, order_id, SKU, 1)
        receive = working_shop.dispatch(ReceiveReturn(return_id=one.id, warehouse="EAST"), STAFF)
        outcomes: Any = await asyncio.gather(receive, closed(working_shop, "EAST"), return_exceptions=True)
        refused = [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
        assert refused in ([WarehouseClosed], [ReturnsWait])
        await closed(working_shop, "EAST", active=True)
        if refused == [ReturnsWait]:
            await inspected(working_shop, one, written_off=1)


async def test_a_bundle_comes_back_as_its_parts_to_where_they_had_left(working_shop: Shop) -> None:
    await a_product(working_shop, "SET", stock=0)
    await a_product(working_shop, "PART", stock=10)
    await bundled(working_shop, "SET", {"PART": 2})
    await opened(working_shop, "EAST")
    await moved(working_shop, "EAST", "PART", 6)
    order_id = await a_delivered_order(working_shop, "SET", 3)
    one = await received(working_shop, order_id, "SET", 2)
    await inspected(working_shop, one, restocked=2)
    booked = await working_shop.db.pool.fetch(BOOKED, f"return:{one.id}:%")
    assert [tuple(row) for row in booked] == [("EAST", 4)]
    assert await shelves(working_shop, "PART") == {"MAIN": 10, "EAST": 4}
