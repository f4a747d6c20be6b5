"""GET /api/v1/shipments/{shipment_id}/parcels."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ParcelList
from tradewind.contexts.shipping.list_parcels.query import ListParcels


@get("/api/v1/shipments/{shipment_id}/parcels", raises=(NoSuchShipment,))
async def list_parcels(shipment_id: UUID, call: Call, dispatch: Dispatch) -> ParcelList:
    """See what a shipment is packed into, what its carrier says, and how far it is. For the warehouse."""
    answer: ParcelList = await dispatch(ListParcels(shipment_id=shipment_id), call)
    return answer
