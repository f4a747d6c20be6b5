"""What came back undelivered is in stock again, or written off: once, where it is, whoever asks how often."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product, an_ended_order
from tests.edits import violations
from tests.shops import Shop, a_call
from tests.warehouses import closed, moved, opened
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment, UnfitUnpacking
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment
from tradewind.contexts.shipping.replace_parcel.command import ReplaceParcel
from tradewind.contexts.shipping.report_return.command import ReportReturned
from tradewind.contexts.shipping.unpack_parcel.command import UnpackParcel
from tradewind.contracts.inventory import NoSuchWarehouse, WarehouseClosed
from tradewind.contracts.shipping import UnpackedItem
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove

WAREHOUSE = a_call("warehouse")
SKU = "VASE"
SHIPMENT = "SELECT id FROM shipping.shipments WHERE order_id = $1"
STATUS = "SELECT status FROM shipping.shipments WHERE id = $1"
SHELVES = "SELECT warehouse, on_hand FROM inventory.inventory_stock WHERE sku = 'VASE' AND on_hand > 0"
TOLD = """
    SELECT payload ->> 'warehouse' || ' ' || (payload -> 'items')::text FROM runtime.outbox
    WHERE type = 'ecommerce.shipping.shipment.unpacked.v1'
"""
LIE = "UPDATE shipping.unpacked SET restocked = 3, written_off = 0 WHERE shipment_id = $1"


async def came_back(shop: Shop, *, reported: bool = True) -> UUID:
    """A shipment of three vases that left EAST and was brought back; ten more lie in the main warehouse."""
    await a_product(shop, SKU, stock=10)
    await opened(shop, "EAST")
    await moved(shop, "EAST", SKU, 3)
    order_id = await an_ended_order(shop, SKU, qty=3)
    shipment_id: UUID = await shop.db.pool.fetchval(SHIPMENT, order_id)
    await shop.dispatch(DispatchShipment(shipment_id=shipment_id), WAREHOUSE)
    if reported:
        await shop.dispatch(ReportReturned(shipment_id=shipment_id), WAREHOUSE)
    return shipment_id


def unpack(shipment_id: UUID, restocked: int, written_off: int = 0, **more: Any) -> UnpackParcel:
    return UnpackParcel(shipment_id=shipment_id, lines=(UnpackedItem(SKU, restocked, written_off),), **more)


async def shelves(shop: Shop) -> dict[str, int]:
    return dict(await shop.db.pool.fetch(SHELVES))


async def test_what_did_not_come_back_or_is_not_accounted_for_is_not_unpacked_and_nothing_is_written(
    working_shop: Shop,
) -> None:
    shipment_id = await came_back(working_shop, reported=False)
    with pytest.raises(IllegalMove):
        await working_shop.dispatch(unpack(shipment_id, 3), WAREHOUSE)
    await working_shop.dispatch(ReportReturned(shipment_id=shipment_id), WAREHOUSE)
    await opened(working_shop, "WEST", priority=200)
    await closed(working_shop, "WEST")
    twice = (UnpackedItem(SKU, 3, 0), UnpackedItem(SKU, 3, 0))
    refusals: tuple[tuple[type[Exception], UnpackParcel, Any], ...] = (
        (Forbidden, unpack(shipment_id, 3), a_call("customer")),
        (NoSuchShipment, unpack(new_id(), 3), WAREHOUSE),
        (UnfitUnpacking, unpack(shipment_id, 4), WAREHOUSE),
        (UnfitUnpacking, unpack(shipment_id, 1, 1), WAREHOUSE),
        (UnfitUnpacking, UnpackParcel(shipment_id=shipment_id, lines=twice), WAREHOUSE),
        (UnfitUnpacking, UnpackParcel(shipment_id=shipment_id, lines=(UnpackedItem("JAR", 3, 0),)), WAREHOUSE),
        (NoSuchWarehouse, unpack(shipment_id, 3, warehouse="NORTH"), WAREHOUSE),
        (WarehouseClosed, unpack(shipment_id, 3, warehouse="WEST"), WAREHOUSE),
    )
    for refused, command, call in refusals:
        with pytest.raises(refused):
            await working_shop.dispatch(command, call)
    assert await working_shop.db.pool.fetchval(STATUS, shipment_id) == "RETURNED"
    assert await shelves(working_shop) == {"MAIN": 10}
    assert await working_shop.db.pool.fetch(TOLD) == []


async def test_of_ten_who_unpack_it_at_once_one_does_and_the_goods_are_where_they_had_left(working_shop: Shop) -> None:
    shipment_id = await came_back(working_shop)
    tries = (working_shop.dispatch(unpack(shipment_id, 2, 1), WAREHOUSE) for _ in range(10))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, IllegalMove) for one in outcomes) == 9
    assert await shelves(working_shop) == {"MAIN": 10, "EAST": 2}
    told = await working_shop.db.pool.fetchval(TOLD)
    assert told == 'EAST [{"sku": "VASE", "restocked": 2, "writtenOff": 1}]'
    assert await violations(working_shop) == []
    await working_shop.db.pool.execute(LIE, shipment_id)
    name, said = await violations(working_shop)
    assert name == "unpacked"
    assert "3 pieces are restocked, 2 were put on the shelf" in said


async def test_a_repeated_unpacking_gets_the_first_answer_and_the_named_warehouse_the_goods(working_shop: Shop) -> None:
    shipment_id = await came_back(working_shop)
    call = a_call("warehouse", subject="one", key="mine")
    answers = [await working_shop.dispatch(unpack(shipment_id, 3, warehouse="MAIN"), call) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0].status == "UNPACKED"
    assert await shelves(working_shop) == {"MAIN": 13}


async def test_an_unpacking_that_dies_leaves_nothing_and_can_be_done_again(
    working_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipment_id = await came_back(working_shop)

    def die(_name: str) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("tradewind.contexts.shipping.unpack_parcel.command.failpoint", die)
        with pytest.raises(RuntimeError):
            await working_shop.dispatch(unpack(shipment_id, 3), WAREHOUSE)
    assert await shelves(working_shop) == {"MAIN": 10}
    await working_shop.dispatch(unpack(shipment_id, 3), WAREHOUSE)
    assert await shelves(working_shop) == {"MAIN": 10, "EAST": 3}
    assert await violations(working_shop) == []


async def test_what_was_unpacked_is_taken_from_the_shelf_when_it_is_sent_again_and_may_come_back_again(
    working_shop: Shop,
) -> None:
    shipment_id = await came_back(working_shop)
    await working_shop.dispatch(unpack(shipment_id, 0, 3), WAREHOUSE)
    assert await shelves(working_shop) == {"MAIN": 10}
    await working_shop.dispatch(ReplaceParcel(shipment_id=shipment_id), WAREHOUSE)
    assert await shelves(working_shop) == {"MAIN": 7}
    await working_shop.dispatch(DispatchShipment(shipment_id=shipment_id), WAREHOUSE)
    await working_shop.dispatch(ReportReturned(shipment_id=shipment_id), WAREHOUSE)
    await working_shop.dispatch(unpack(shipment_id, 3, warehouse="MAIN"), WAREHOUSE)
    assert await shelves(working_shop) == {"MAIN": 10}
    assert await violations(working_shop) == []
