"""GET /api/v1/shipments/{shipment_id}, GET /api/v1/orders/{order_id}/shipment and /shipments."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ShipmentDetails, ShipmentList
from tradewind.contexts.shipping.get_shipment.query import GetOrderShipment, GetShipment, ListOrderShipments


@get("/api/v1/shipments/{shipment_id}", raises=(NoSuchShipment,))
async def get_shipment(shipment_id: UUID, call: Call, dispatch: Dispatch) -> ShipmentDetails:
    """Look at one shipment. For staff."""
    answer: ShipmentDetails = await dispatch(GetShipment(shipment_id=shipment_id), call)
    return answer


@get("/api/v1/orders/{order_id}/shipment", raises=(NoSuchShipment,))
async def get_order_shipment(order_id: UUID, call: Call, dispatch: Dispatch) -> ShipmentDetails:
    """Look at the shipment of an order; the first where it travels in several. For staff."""
    answer: ShipmentDetails = await dispatch(GetOrderShipment(order_id=order_id), call)
    return answer


@get("/api/v1/orders/{order_id}/shipments", raises=(NoSuchShipment,))
async def list_order_shipments(order_id: UUID, call: Call, dispatch: Dispatch) -> ShipmentList:
    """See how an order's goods travel: every shipment, and what is in it. For staff."""
    answer: ShipmentList = await dispatch(ListOrderShipments(order_id=order_id), call)
    return answer
