"""Lost parcels: who may say so and while what; replaced once, with goods that are there."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call
from tests.warehouses import moved, opened
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping.deliver_shipment.command import DeliverShipment
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment
from tradewind.contexts.shipping.replace_parcel.command import ReplaceParcel
from tradewind.contexts.shipping.report_loss.command import ReportLoss
from tradewind.contexts.shipping.report_return.command import ReportReturned
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict, Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove

WAREHOUSE = a_call("warehouse")
SHIPMENT = "SELECT id FROM shipping.shipments WHERE order_id = $1"
STANDING = """
    SELECT h.status, h.parcels, (SELECT on_hand FROM inventory.inventory_stock WHERE sku = 'VASE') AS on_hand
    FROM shipping.shipments AS h WHERE h.id = $1
"""
SHELVES = "SELECT warehouse, on_hand FROM inventory.inventory_stock WHERE sku = 'VASE'"
NUMBERS = """
    SELECT array_agg(payload ->> 'trackingNumber' ORDER BY position) FROM runtime.outbox
    WHERE type = 'ecommerce.shipping.shipment.dispatched.v1'
"""


async def sent(shop: Shop, *, stock: int) -> UUID:
    """A shipment of two vases that is on its way; so many vases were there before."""
    await a_product(shop, "VASE", stock=stock)
    order_id = await an_ended_order(shop, "VASE", qty=2)
    shipment_id: UUID = await shop.db.pool.fetchval(SHIPMENT, order_id)
    await shop.dispatch(DispatchShipment(shipment_id=shipment_id), WAREHOUSE)
    return shipment_id


async def standing(shop: Shop, shipment_id: UUID) -> tuple[Any, ...]:
    return tuple(await shop.db.pool.fetchrow(STANDING, shipment_id))


async def test_what_is_not_lost_is_not_replaced_and_only_the_warehouse_says_so(working_shop: Shop) -> None:
    shipment_id = await sent(working_shop, stock=10)
    refusals: tuple[tuple[type[Exception], Command, Any], ...] = (
        (IllegalMove, ReplaceParcel(shipment_id=shipment_id), WAREHOUSE),
        (NoSuchShipment, ReportLoss(shipment_id=new_id()), WAREHOUSE),
        (Forbidden, ReportLoss(shipment_id=shipment_id), a_call("customer")),
        (Forbidden, ReplaceParcel(shipment_id=shipment_id), a_call("customer")),
    )
    for refused, command, call in refusals:
        with pytest.raises(refused):
            await working_shop.dispatch(command, call)
    await working_shop.dispatch(DeliverShipment(shipment_id=shipment_id), WAREHOUSE)
    with pytest.raises(IllegalMove):
        await working_shop.dispatch(ReportLoss(shipment_id=shipment_id), WAREHOUSE)
    assert await standing(working_shop, shipment_id) == ("DELIVERED", 1, 8)


async def test_goods_that_are_not_there_are_not_sent_again(working_shop: Shop) -> None:
    shipment_id = await sent(working_shop, stock=3)
    await working_shop.dispatch(ReportLoss(shipment_id=shipment_id), WAREHOUSE)
    with pytest.raises(Conflict):
        await working_shop.dispatch(ReplaceParcel(shipment_id=shipment_id), WAREHOUSE)
    assert await standing(working_shop, shipment_id) == ("LOST", 1, 1)


async def test_of_ten_who_replace_a_parcel_at_once_one_does_and_the_goods_go_once(working_shop: Shop) -> None:
    shipment_id = await sent(working_shop, stock=20)
    await working_shop.dispatch(ReportLoss(shipment_id=shipment_id), WAREHOUSE)
    tries = (working_shop.dispatch(ReplaceParcel(shipment_id=shipment_id), WAREHOUSE) for _ in range(10))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, IllegalMove) for one in outcomes) == 9
    assert await standing(working_shop, shipment_id) == ("READY", 2, 16)
    await working_shop.dispatch(DispatchShipment(shipment_id=shipment_id), WAREHOUSE)
    first, second = await working_shop.db.pool.fetchval(NUMBERS)
    assert second == f"{first}-2", "two parcels of one shipment have numbers of their own"


async def test_a_lost_parcel_may_turn_up(working_shop: Shop) -> None:
    shipment_id = await sent(working_shop, stock=10)
    await working_shop.dispatch(ReportLoss(shipment_id=shipment_id), WAREHOUSE)
    await working_shop.dispatch(DeliverShipment(shipment_id=shipment_id), WAREHOUSE)
    assert await standing(working_shop, shipment_id) == ("DELIVERED", 1, 8)


async def test_what_came_back_is_sent_again_without_taking_more_from_the_shelf(working_shop: Shop) -> None:
    shipment_id = await sent(working_shop, stock=2)
    with pytest.raises(Forbidden):
        await working_shop.dispatch(ReportReturned(shipment_id=shipment_id), a_call("customer"))
    await working_shop.dispatch(ReportReturned(shipment_id=shipment_id), WAREHOUSE)
    for refused in (ReportReturned(shipment_id=shipment_id), DeliverShipment(shipment_id=shipment_id)):
        with pytest.raises(IllegalMove):
            await working_shop.dispatch(refused, WAREHOUSE)
    await working_shop.dispatch(ReplaceParcel(shipment_id=shipment_id), WAREHOUSE)
    assert await standing(working_shop, shipment_id) == ("READY", 2, 0)


async def test_goods_go_once_more_from_the_warehouse_that_the_lost_ones_had_left(working_shop: Shop) -> None:
    await opened(working_shop, "EAST")
    await a_product(working_shop, "VASE", stock=10)
    await moved(working_shop, "EAST", "VASE", 3)
    order_id = await an_ended_order(working_shop, "VASE", qty=2)
    shipment_id = await working_shop.db.pool.fetchval(SHIPMENT, order_id)
    await working_shop.dispatch(DispatchShipment(shipment_id=shipment_id), WAREHOUSE)
    await working_shop.dispatch(ReportLoss(shipment_id=shipment_id), WAREHOUSE)
    await working_shop.dispatch(ReplaceParcel(shipment_id=shipment_id), WAREHOUSE)
    assert dict(await working_shop.db.pool.fetch(SHELVES)) == {"MAIN": 9, "EAST": 0}, "one was left there"
