"""POST /api/v1/fulfillment-tasks/{shipment_id}/picks."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.task import ClaimedByAnother, NoSuchTask, NothingPicked, UnfitPick
from tradewind.contexts.shipping._domain.views import PickView
from tradewind.contexts.shipping.pick_task.command import PickTask
from tradewind.contracts.orders import MAX_LINES, MAX_QUANTITY
from tradewind.kernel.lifecycle import IllegalMove


class PickedLine(Body, frozen=True):
    """So many were found of a SKU, perhaps none."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]


class Picks(Body, frozen=True):
    """What was found of each SKU of the shipment."""

    lines: Annotated[tuple[PickedLine, ...], Meta(min_length=1, max_length=MAX_LINES)]


@post(
    "/api/v1/fulfillment-tasks/{shipment_id}/picks",
    raises=(NoSuchShipment, NoSuchTask, IllegalMove, ClaimedByAnother, UnfitPick, NothingPicked),
)
async def pick_task(shipment_id: UUID, body: Picks, call: Call, dispatch: Dispatch) -> PickView:
    """Say what was found of each SKU. What is short becomes another shipment, to be picked when it is there."""
    command = PickTask(shipment_id=shipment_id, lines=tuple((line.sku, line.qty) for line in body.lines))
    answer: PickView = await dispatch(command, call)
    return answer
