"""From the house to the buyer: refusals, a race, the whole way; and who may see it."""

import asyncio
from uuid import UUID

import pytest

from tests.shops import a_call
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ShipmentView
from tradewind.contexts.shipping.conftest import ADDRESS, Dock
from tradewind.contexts.shipping.deliver_shipment.command import DeliverShipment
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment
from tradewind.contexts.shipping.get_shipment.query import GetOrderShipment, GetShipment
from tradewind.contexts.shipping.report_transit.command import ReportTransit
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove


def every_move(shipment_id: UUID) -> list[Command]:
    return [
        DispatchShipment(shipment_id=shipment_id),
        ReportTransit(shipment_id=shipment_id),
        DeliverShipment(shipment_id=shipment_id),
    ]


async def test_a_customer_moves_no_shipment(dock: Dock) -> None:
    order_id, shipment_id = await dock.a_shipment()
    for command in every_move(shipment_id):
        with pytest.raises(Forbidden):
            await dock.shop.dispatch(command, a_call("customer"))
    assert await dock.statuses() == {order_id: "READY"}


async def test_what_is_not_there_cannot_be_moved(dock: Dock) -> None:
    for command in every_move(new_id()):
        with pytest.raises(NoSuchShipment):
            await dock.shop.dispatch(command, a_call("warehouse"))


async def test_nothing_leaves_the_house_before_it_is_paid(dock: Dock) -> None:
    order_id, shipment_id = await dock.a_shipment(ready=False)
    for command in every_move(shipment_id):
        with pytest.raises(IllegalMove):
            await dock.shop.dispatch(command, a_call("warehouse"))
    assert await dock.statuses() == {order_id: "PLANNED"}
    assert await dock.told() == [("created", str(order_id))]


async def test_of_two_who_dispatch_at_once_one_does(dock: Dock) -> None:
    order_id, shipment_id = await dock.a_shipment()
    tries = [
        dock.shop.dispatch(DispatchShipment(shipment_id=shipment_id, tracking_number=f"DHL-{n}"), a_call("warehouse"))
        for n in range(4)
    ]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, ShipmentView) for answer in answers) == 1
    assert sum(isinstance(answer, IllegalMove) for answer in answers) == 3
    assert await dock.told() == [("created", str(order_id)), ("dispatched", str(order_id))]


async def test_shoppers_see_no_shipment_and_staff_see_where_it_goes(dock: Dock) -> None:
    order_id, shipment_id = await dock.a_shipment()
    for question in (GetShipment(shipment_id=shipment_id), GetOrderShipment(order_id=order_id)):
        with pytest.raises(NoSuchShipment):
            await dock.shop.dispatch(question, a_call("customer"))
        seen = await dock.shop.dispatch(question, a_call("warehouse"))
        assert (seen.id, seen.order_id, seen.status, seen.address) == (shipment_id, order_id, "READY", ADDRESS)
    with pytest.raises(NoSuchShipment):
        await dock.shop.dispatch(GetShipment(shipment_id=new_id()), a_call("warehouse"))


async def test_a_shipment_goes_all_the_way_and_each_move_is_told(dock: Dock) -> None:
    order_id, shipment_id = await dock.a_shipment()
    for command in every_move(shipment_id):
        await dock.shop.dispatch(command, a_call("warehouse"))
    seen = await dock.shop.dispatch(GetShipment(shipment_id=shipment_id), a_call("support"))
    assert seen.status == "DELIVERED"
    assert seen.tracking_number == f"TW-{shipment_id.hex[-16:].upper()}"
    assert seen.dispatched_at <= seen.in_transit_at <= seen.delivered_at
    assert [kind for kind, key in await dock.told() if key == str(order_id)] == [
        "created",
        "dispatched",
        "in_transit",
        "delivered",
    ]
