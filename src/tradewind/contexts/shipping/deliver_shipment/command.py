"""The goods have arrived."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.shipment import LIFECYCLE
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import shipments
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import ShipmentDelivered
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.handlers import handler


class DeliverShipment(Command, frozen=True):
    """The buyer has it."""

    shipment_id: UUID


@handler(action="shipping.deliver")
async def deliver_shipment(command: DeliverShipment, tx: Tx) -> ShipmentView:
    """The shipment, delivered; refuses with NoSuchShipment, or IllegalMove unless it is on its way."""
    plan = await shipments.hold_plan(tx, command.shipment_id)
    held = plan.one(command.shipment_id)
    moved = replace(held, status=LIFECYCLE.follow(held.status, ShipmentDelivered))
    shipments.move(tx, moved)
    complete = plan.completes(held.id) or planted("fulfilled_by_the_first_parcel")
    tx.tell(ShipmentDelivered(order_id=held.order_id, shipment_id=held.id, completes_order=complete))
    tx.audit("shipping.deliver", str(held.id), order_id=str(held.order_id))
    return view(moved)
