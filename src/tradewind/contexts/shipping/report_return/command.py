"""The carrier could not deliver and brought the goods back.

What follows is a person's decision: they are sent once more, or unpacked, and the buyer has their money back.
"""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.shipment import LIFECYCLE
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import shipments
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import ShipmentReturned
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ReportReturned(Command, frozen=True):
    """It is here again."""

    shipment_id: UUID


@handler(action="shipping.report_loss")
async def report_returned(command: ReportReturned, tx: Tx) -> ShipmentView:
    """The shipment, returned; refuses with NoSuchShipment, or IllegalMove unless it was on its way, or lost."""
    held = await shipments.hold(tx, command.shipment_id)
    moved = replace(held, status=LIFECYCLE.follow(held.status, ShipmentReturned))
    shipments.move(tx, moved)
    tx.tell(ShipmentReturned(order_id=held.order_id, shipment_id=held.id))
    tx.audit("shipping.report_returned", str(held.id), order_id=str(held.order_id))
    return view(moved)
