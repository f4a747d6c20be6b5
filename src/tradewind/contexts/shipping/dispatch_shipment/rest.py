"""POST /api/v1/shipments/{shipment_id}/dispatch."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.shipping._domain.parcel import BookingUnderWay
from tradewind.contexts.shipping._domain.shipment import TRACKING_PATTERN, InvalidTracking, NoSuchShipment
from tradewind.contexts.shipping._domain.views import ShipmentView
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment
from tradewind.kernel.lifecycle import IllegalMove


class Handover(Body, frozen=True):
    """The carrier's tracking number; without one it is that of the booking, or the shop gives its own."""

    tracking_number: Annotated[str, Meta(pattern=TRACKING_PATTERN)] | None = None


NOTHING_TO_ADD = Handover()


@post(
    "/api/v1/shipments/{shipment_id}/dispatch", raises=(NoSuchShipment, InvalidTracking, IllegalMove, BookingUnderWay)
)
async def dispatch_shipment(
    shipment_id: UUID, call: Call, dispatch: Dispatch, body: Handover = NOTHING_TO_ADD
) -> ShipmentView:
    """Hand a paid shipment over to its carrier."""
    command = DispatchShipment(shipment_id=shipment_id, tracking_number=body.tracking_number)
    answer: ShipmentView = await dispatch(command, call)
    return answer
