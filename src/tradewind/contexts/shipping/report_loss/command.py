"""The carrier has lost the goods. What follows is a person's decision: another parcel, or the money back."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.shipment import LIFECYCLE
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import shipments
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import ShipmentLost
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ReportLoss(Command, frozen=True):
    """Nobody knows where it is."""

    shipment_id: UUID


@handler(action="shipping.report_loss")
async def report_loss(command: ReportLoss, tx: Tx) -> ShipmentView:
    """The shipment, lost; refuses with NoSuchShipment, or IllegalMove unless it is on its way."""
    held = await shipments.hold(tx, command.shipment_id)
    moved = replace(held, status=LIFECYCLE.follow(held.status, ShipmentLost))
    shipments.move(tx, moved)
    tx.tell(ShipmentLost(order_id=held.order_id, shipment_id=held.id))
    tx.audit("shipping.report_loss", str(held.id), order_id=str(held.order_id))
    return view(moved)
