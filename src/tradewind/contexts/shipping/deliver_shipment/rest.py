"""POST /api/v1/shipments/{shipment_id}/deliver."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ShipmentView
from tradewind.contexts.shipping.deliver_shipment.command import DeliverShipment
from tradewind.kernel.lifecycle import IllegalMove


@post("/api/v1/shipments/{shipment_id}/deliver", raises=(NoSuchShipment, IllegalMove))
async def deliver_shipment(shipment_id: UUID, call: Call, dispatch: Dispatch) -> ShipmentView:
    """Report that the buyer has the goods; the order is fulfilled."""
    answer: ShipmentView = await dispatch(DeliverShipment(shipment_id=shipment_id), call)
    return answer
