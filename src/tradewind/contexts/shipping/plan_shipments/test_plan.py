"""Planning, releasing and canceling: the order saga's steps."""

import asyncio
from typing import Any

from tests.shops import a_call
from tradewind.contexts.shipping.conftest import ADDRESS, Dock
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment
from tradewind.kernel.ids import new_id


async def test_where_nobody_carries_goods_nothing_is_planned(dock: Dock) -> None:
    away, near = new_id(), new_id()
    answers = await dock.create({away: ADDRESS | {"country": "AQ"}, near: ADDRESS})
    assert answers == {away: "nobody carries goods to Antarctica", near: None}
    assert await dock.statuses() == {near: "PLANNED"}
    assert await dock.told() == [("unavailable", str(away)), ("created", str(near))]


async def test_what_has_left_the_house_is_not_canceled(dock: Dock) -> None:
    gone, shipment_id = await dock.a_shipment()
    planned, _ = await dock.a_shipment(ready=False)
    await dock.shop.dispatch(DispatchShipment(shipment_id=shipment_id), a_call("warehouse"))
    answers = await dock.cancel(gone, planned, never := new_id())
    assert answers == {gone: "the goods have left the house (DISPATCHED)", planned: None, never: None}
    assert await dock.statuses() == {gone: "DISPATCHED", planned: "CANCELED"}


async def test_an_order_whose_shipment_was_canceled_gets_no_other(dock: Dock) -> None:
    order_id, _ = await dock.a_shipment()
    await dock.cancel(order_id)
    assert await dock.create({order_id: ADDRESS}) == {order_id: "the shipment was canceled"}
    await dock.release(order_id)
    assert await dock.statuses() == {order_id: "CANCELED"}


async def test_planning_the_same_order_at_once_plans_one_shipment(dock: Dock) -> None:
    order_id = new_id()
    answers = await asyncio.gather(*(dock.create({order_id: ADDRESS}) for _ in range(6)))
    assert answers == [{order_id: None}] * 6
    assert await dock.told() == [("created", str(order_id))]


async def test_canceling_and_dispatching_at_once_leaves_one_of_both(dock: Dock) -> None:
    for _ in range(5):
        order_id, shipment_id = await dock.a_shipment()
        answers: tuple[Any, Any] = await asyncio.gather(
            dock.shop.dispatch(DispatchShipment(shipment_id=shipment_id), a_call("warehouse")),
            dock.cancel(order_id),
            return_exceptions=True,
        )
        dispatched, canceled = answers
        late = canceled[order_id] is not None
        assert late != isinstance(dispatched, BaseException)
        assert (await dock.statuses())[order_id] == ("DISPATCHED" if late else "CANCELED")


async def test_every_step_may_come_twice(dock: Dock) -> None:
    order_id = new_id()
    await dock.create({order_id: ADDRESS})
    assert await dock.create({order_id: ADDRESS}) == {order_id: None}
    await dock.release(order_id)
    await dock.release(order_id)
    assert await dock.statuses() == {order_id: "READY"}
    assert await dock.cancel(order_id) == await dock.cancel(order_id) == {order_id: None}
    assert await dock.told() == [("created", str(order_id))]
