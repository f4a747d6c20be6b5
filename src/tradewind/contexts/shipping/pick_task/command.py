"""Say what was found. What is short travels later, as a shipment of its own, and is to be picked again."""

from uuid import UUID

from tradewind.contexts.shipping._domain.plan import together
from tradewind.contexts.shipping._domain.views import PickView, lines_of
from tradewind.contexts.shipping._store import contents, tasks
from tradewind.contexts.shipping.split_shipment.split import split
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import PickedShort, ShortItem
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class PickTask(Command, frozen=True):
    """This was found of each SKU."""

    shipment_id: UUID
    lines: tuple[tuple[str, int], ...]


@handler(action="shipping.pick")
async def pick_task(command: PickTask, tx: Tx) -> PickView:
    """Refuses NoSuchShipment, NoSuchTask, IllegalMove, ClaimedByAnother, UnfitPick, NothingPicked; nothing changes."""
    plan = await contents.known(tx, command.shipment_id)
    held = await tasks.hold(tx, command.shipment_id)
    shipment = plan.one(command.shipment_id)
    assert shipment.lines is not None, "known"
    picked, short = held.pick(tx.call.actor.subject, shipment.lines, together(command.lines))
    later = None
    if short:
        shipment, later = await split(tx, plan, shipment.id, short)
        items = tuple(ShortItem(sku=sku, qty=count) for sku, count in sorted(short.items()))
        tx.tell(PickedShort(order_id=held.order_id, shipment_id=held.shipment_id, items=items))
    tasks.save(tx, picked)
    tx.audit("shipping.pick_task", str(picked.shipment_id), short=short)
    return PickView(
        shipment_id=picked.shipment_id,
        order_id=picked.order_id,
        state=picked.state.value,
        claimed_by=picked.claimed_by,
        lines=lines_of(shipment.lines),
        short=lines_of(short),
        short_shipment_id=later.id if later else None,
    )
