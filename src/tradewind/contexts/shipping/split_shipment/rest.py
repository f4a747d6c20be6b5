"""POST /api/v1/shipments/{shipment_id}/split."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.shipping._domain.plan import LeftTheHouse, UnfitSplit
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping.split_shipment.command import PickedAlready, SplitShipment, SplitView
from tradewind.contracts.orders import MAX_LINES, MAX_QUANTITY


class ApartLine(Body, frozen=True):
    """So many pieces of a SKU."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]


class Split(Body, frozen=True):
    """What travels apart."""

    lines: Annotated[tuple[ApartLine, ...], Meta(min_length=1, max_length=MAX_LINES)]


@post(
    "/api/v1/shipments/{shipment_id}/split",
    status=201,
    raises=(NoSuchShipment, LeftTheHouse, PickedAlready, UnfitSplit),
)
async def split_shipment(shipment_id: UUID, body: Split, call: Call, dispatch: Dispatch) -> SplitView:
    """Send some of a shipment apart, as another shipment of the same order; it is fulfilled once all are delivered."""
    command = SplitShipment(shipment_id=shipment_id, lines=tuple((line.sku, line.qty) for line in body.lines))
    answer: SplitView = await dispatch(command, call)
    return answer
