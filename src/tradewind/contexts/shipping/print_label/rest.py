"""GET /api/v1/shipments/{shipment_id}/label."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.labels import PDF
from tradewind.api.rest import Call, Dispatch, Reply, get
from tradewind.contexts.shipping._domain.parcel import MAX_PARCELS
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping.print_label.query import NoSuchParcel, NothingToLabel, Printed, PrintLabel


@get(
    "/api/v1/shipments/{shipment_id}/label",
    content_type=PDF,
    raises=(NoSuchShipment, NoSuchParcel, NothingToLabel),
)
async def print_label(
    shipment_id: UUID, call: Call, dispatch: Dispatch, parcel: Annotated[int, Meta(ge=1, le=MAX_PARCELS)] = 1
) -> Reply:
    """Print the label of a parcel, as PDF: its carrier's own where there is one, else the shop's. For the warehouse."""
    printed: Printed = await dispatch(PrintLabel(shipment_id=shipment_id, parcel=parcel), call)
    return Reply(content=printed.content, headers={"Content-Type": PDF, "Cache-Control": "no-store"})
