"""The carrier has seen the goods."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.shipment import LIFECYCLE
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import shipments
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import ShipmentInTransit
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ReportTransit(Command, frozen=True):
    """The carrier scanned it."""

    shipment_id: UUID


@handler(action="shipping.deliver")
async def report_transit(command: ReportTransit, tx: Tx) -> ShipmentView:
    """The shipment, in transit; refuses with NoSuchShipment, or IllegalMove unless it was just dispatched."""
    held = await shipments.hold(tx, command.shipment_id)
    moved = replace(held, status=LIFECYCLE.follow(held.status, ShipmentInTransit))
    shipments.move(tx, moved)
    tx.tell(ShipmentInTransit(order_id=held.order_id, shipment_id=held.id))
    tx.audit("shipping.in_transit", str(held.id), order_id=str(held.order_id))
    return view(moved)
