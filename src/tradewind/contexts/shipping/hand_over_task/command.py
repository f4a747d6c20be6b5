"""Have a shipment picked and packed by the warehouse's own system. What it says is asked for until it is known."""

from uuid import UUID

from tradewind.contexts.shipping._domain.views import TaskView, task_view
from tradewind.contexts.shipping._store import contents, tasks, warehouse_orders
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class HandTaskOver(Command, frozen=True):
    """The system shall do it."""

    shipment_id: UUID


@handler(action="shipping.pick")
async def hand_task_over(command: HandTaskOver, tx: Tx) -> TaskView:
    """The task, handed over; refuses NoSuchShipment, NoSuchTask, or IllegalMove unless it is open."""
    plan = await contents.known(tx, command.shipment_id)
    handed = (await tasks.hold(tx, command.shipment_id)).hand_over()
    shipment = plan.one(command.shipment_id)
    assert shipment.lines is not None, "known"
    await warehouse_orders.add(tx, shipment.id, shipment.lines)
    tasks.save(tx, handed)
    tx.audit("shipping.hand_task_over", str(shipment.id))
    return task_view(handed, shipment)
