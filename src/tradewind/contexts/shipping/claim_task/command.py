"""Go for the goods of a shipment, or leave them to others."""

from uuid import UUID

from tradewind.contexts.shipping._domain.views import TaskView, task_view
from tradewind.contexts.shipping._store import contents, shipments, tasks, warehouse_orders
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ClaimTask(Command, frozen=True):
    """I pick it."""

    shipment_id: UUID


class PutTaskBack(Command, frozen=True):
    """Somebody else shall pick it."""

    shipment_id: UUID


@handler(action="shipping.pick")
async def claim_task(command: ClaimTask, tx: Tx) -> TaskView:
    """The task with what is to be picked; refuses NoSuchShipment, NoSuchTask, IllegalMove, ClaimedByAnother."""
    plan = await contents.known(tx, command.shipment_id)
    held = await tasks.hold(tx, command.shipment_id)
    claimed = held.claim(tx.call.actor.subject)
    tasks.save(tx, claimed)
    tx.audit("shipping.claim_task", str(claimed.shipment_id))
    return task_view(claimed, plan.one(command.shipment_id))


@handler(action="shipping.pick")
async def put_task_back(command: PutTaskBack, tx: Tx) -> TaskView:
    """The task, open again; refuses NoSuchShipment, NoSuchTask, IllegalMove unless it is claimed or handed over."""
    shipment = await shipments.hold(tx, command.shipment_id)
    opened = (await tasks.hold(tx, command.shipment_id)).put_back()
    await warehouse_orders.call_off(tx, opened.shipment_id)
    tasks.save(tx, opened)
    tx.audit("shipping.put_task_back", str(opened.shipment_id))
    return task_view(opened, shipment)
