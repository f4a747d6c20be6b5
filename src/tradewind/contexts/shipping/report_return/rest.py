"""POST /api/v1/shipments/{shipment_id}/returned-to-sender."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ShipmentView
from tradewind.contexts.shipping.report_return.command import ReportReturned
from tradewind.kernel.lifecycle import IllegalMove


@post("/api/v1/shipments/{shipment_id}/returned-to-sender", raises=(NoSuchShipment, IllegalMove))
async def report_returned(shipment_id: UUID, call: Call, dispatch: Dispatch) -> ShipmentView:
    """Report that the carrier brought a parcel back: it may be sent once more (replace), or unpacked and refunded."""
    answer: ShipmentView = await dispatch(ReportReturned(shipment_id=shipment_id), call)
    return answer
