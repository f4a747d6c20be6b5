"""The goods leave the house."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.shipment import LIFECYCLE, tracking
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import shipments, tasks
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import ShipmentDispatched
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class DispatchShipment(Command, frozen=True):
    """The carrier took it, under `tracking_number` or a number of our own."""

    shipment_id: UUID
    tracking_number: str | None = None


@handler(action="shipping.dispatch")
async def dispatch_shipment(command: DispatchShipment, tx: Tx) -> ShipmentView:
    """The shipment, on its way; refuses with NoSuchShipment, InvalidTracking, or IllegalMove before it is READY."""
    held = await shipments.hold(tx, command.shipment_id)
    number = tracking(held, command.tracking_number)
    moved = replace(held, status=LIFECYCLE.follow(held.status, ShipmentDispatched), tracking_number=number)
    shipments.move(tx, moved)
    tasks.ship(tx, held.id)
    tx.tell(ShipmentDispatched(order_id=held.order_id, shipment_id=held.id, tracking_number=number))
    tx.audit("shipping.dispatch", str(held.id), order_id=str(held.order_id))
    return view(moved)
