"""POST /api/v1/shipments/{shipment_id}/unpack."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment, UnfitUnpacking
from tradewind.contexts.shipping._domain.views import ShipmentView
from tradewind.contexts.shipping.unpack_parcel.command import UnpackParcel
from tradewind.contracts.inventory import NoSuchWarehouse, WarehouseClosed
from tradewind.contracts.shipping import UnpackedItem
from tradewind.kernel.lifecycle import IllegalMove

MAX_LINES = 1_000
Pieces = Annotated[int, Meta(ge=0, le=100_000)]


class FoundLine(Body, frozen=True):
    """Of one SKU: how many go back on the shelf, and how many are written off."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    restock: Pieces = 0
    write_off: Pieces = 0


class Unpacking(Body, frozen=True):
    """What was in the parcel, every piece of it, and where that is now: where most of it had left, unless said."""

    lines: Annotated[list[FoundLine], Meta(min_length=1, max_length=MAX_LINES)]
    warehouse: Annotated[str, Meta(min_length=1, max_length=32)] | None = None


@post(
    "/api/v1/shipments/{shipment_id}/unpack",
    raises=(NoSuchShipment, IllegalMove, UnfitUnpacking, NoSuchWarehouse, WarehouseClosed),
)
async def unpack_parcel(shipment_id: UUID, body: Unpacking, call: Call, dispatch: Dispatch) -> ShipmentView:
    """Say what became of each piece that came back undelivered: stock is put right. Its money is refunded apart."""
    lines = tuple(UnpackedItem(one.sku, one.restock, one.write_off) for one in body.lines)
    command = UnpackParcel(shipment_id=shipment_id, lines=lines, warehouse=body.warehouse)
    answer: ShipmentView = await dispatch(command, call)
    return answer
