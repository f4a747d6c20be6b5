"""POST /api/v1/shipments/{shipment_id}/in-transit."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ShipmentView
from tradewind.contexts.shipping.report_transit.command import ReportTransit
from tradewind.kernel.lifecycle import IllegalMove


@post("/api/v1/shipments/{shipment_id}/in-transit", raises=(NoSuchShipment, IllegalMove))
async def report_transit(shipment_id: UUID, call: Call, dispatch: Dispatch) -> ShipmentView:
    """Report that the carrier has seen the goods."""
    answer: ShipmentView = await dispatch(ReportTransit(shipment_id=shipment_id), call)
    return answer
