"""POST /api/v1/shipments/{shipment_id}/replace."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.shipping._domain.replacement import ReplacementUnderWay
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ShipmentView
from tradewind.contexts.shipping.replace_parcel.command import ReplaceParcel
from tradewind.kernel.lifecycle import IllegalMove


@post("/api/v1/shipments/{shipment_id}/replace", raises=(NoSuchShipment, IllegalMove, ReplacementUnderWay))
async def replace_parcel(shipment_id: UUID, call: Call, dispatch: Dispatch) -> ShipmentView:
    """Send the goods of a parcel once more that is lost or came back; 409 where there are not enough of them."""
    answer: ShipmentView = await dispatch(ReplaceParcel(shipment_id=shipment_id), call)
    return answer
