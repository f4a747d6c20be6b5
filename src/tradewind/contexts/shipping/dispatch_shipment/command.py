"""The goods leave the house."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.parcel import BookingUnderWay, State
from tradewind.contexts.shipping._domain.shipment import LIFECYCLE, Shipment, tracking
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import parcels, shipments, tasks, warehouse_orders
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import ShipmentDispatched
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class DispatchShipment(Command, frozen=True):
    """The carrier took it: under `tracking_number`, the number that it was booked under, or a number of our own."""

    shipment_id: UUID
    tracking_number: str | None = None


@handler(action="shipping.dispatch")
async def dispatch_shipment(command: DispatchShipment, tx: Tx) -> ShipmentView:
    """The shipment, on its way.

    Refuses with NoSuchShipment, InvalidTracking, IllegalMove before it is READY, or BookingUnderWay. What goes under
    another number than it was booked under is called off there.
    """
    held = await shipments.hold(tx, command.shipment_id)
    status = LIFECYCLE.follow(held.status, ShipmentDispatched)
    number = tracking(held, command.tracking_number or await _booked(tx, held))
    moved = replace(held, status=status, tracking_number=number)
    shipments.move(tx, moved)
    tasks.ship(tx, held.id)
    await warehouse_orders.call_off(tx, held.id)
    tx.tell(ShipmentDispatched(order_id=held.order_id, shipment_id=held.id, tracking_number=number))
    tx.audit("shipping.dispatch", str(held.id), order_id=str(held.order_id))
    if command.tracking_number is None:
        await parcels.follow(tx, held.id)
    else:
        await parcels.call_off(tx, held.id)
    return view(moved)


async def _booked(tx: Tx, held: Shipment) -> str | None:
    packed = await parcels.of_shipment(tx, held.id)
    if any(one.state is State.WANTED for one in packed):
        raise BookingUnderWay
    return next((one.tracking_number for one in packed if one.tracking_number), None)
