"""POST /api/v1/fulfillment-tasks/{shipment_id}/pack."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.shipping._domain.parcel import MAX_PARCELS, MAX_SIDE_MM, MAX_WEIGHT_G, Size, UnknownCarrier
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.task import NoSuchTask
from tradewind.contexts.shipping._domain.views import PackView
from tradewind.contexts.shipping.pack_task.command import PackTask
from tradewind.kernel.lifecycle import IllegalMove

Side = Annotated[int, Meta(ge=1, le=MAX_SIDE_MM)]


class PackedParcel(Body, frozen=True):
    """A parcel's weight in grams and its sides in millimetres."""

    weight_g: Annotated[int, Meta(ge=1, le=MAX_WEIGHT_G)]
    length_mm: Side
    width_mm: Side
    height_mm: Side

    def size(self) -> Size:
        """As the shop knows it."""
        return Size(weight_g=self.weight_g, length_mm=self.length_mm, width_mm=self.width_mm, height_mm=self.height_mm)


class Packing(Body, frozen=True):
    """What the shipment is packed into, and the carrier that shall be asked to carry it."""

    parcels: Annotated[tuple[PackedParcel, ...], Meta(min_length=1, max_length=MAX_PARCELS)]
    carrier: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


@post("/api/v1/fulfillment-tasks/{shipment_id}/pack", raises=(UnknownCarrier, NoSuchShipment, NoSuchTask, IllegalMove))
async def pack_task(shipment_id: UUID, body: Packing, call: Call, dispatch: Dispatch) -> PackView:
    """Say what a picked shipment is packed into; then it is ready to leave the house. For the warehouse.

    A `carrier` is asked to carry it: `GET /api/v1/shipments/{shipment_id}/parcels` tells what it says. Packed again,
    what was booked before is called off.
    """
    parcels = tuple(one.size() for one in body.parcels)
    command = PackTask(shipment_id=shipment_id, parcels=parcels, carrier=body.carrier)
    answer: PackView = await dispatch(command, call)
    return answer
