"""POST /api/v1/shipments/{shipment_id}/lost."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ShipmentView
from tradewind.contexts.shipping.report_loss.command import ReportLoss
from tradewind.kernel.lifecycle import IllegalMove


@post("/api/v1/shipments/{shipment_id}/lost", raises=(NoSuchShipment, IllegalMove))
async def report_loss(shipment_id: UUID, call: Call, dispatch: Dispatch) -> ShipmentView:
    """Report that a parcel is lost; it may be replaced, refunded, or turn up after all."""
    answer: ShipmentView = await dispatch(ReportLoss(shipment_id=shipment_id), call)
    return answer
