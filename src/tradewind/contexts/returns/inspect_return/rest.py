"""POST /api/v1/returns/{return_id}/inspect."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.returns._domain.returned import Line, UnfitInspection
from tradewind.contexts.returns._domain.views import ReturnView
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.inspect_return.command import InspectReturn
from tradewind.contexts.returns.request_return.command import MAX_LINES
from tradewind.contracts.inventory import WarehouseClosed
from tradewind.kernel.lifecycle import IllegalMove

Pieces = Annotated[int, Meta(ge=0, le=100_000)]


class FoundLine(Body, frozen=True):
    """Of one SKU: how many go back on the shelf, are written off, and are sent back to the buyer."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    restock: Pieces = 0
    write_off: Pieces = 0
    refuse: Pieces = 0


class Inspection(Body, frozen=True):
    """What was found in the parcel; every piece of the return is accounted for."""

    lines: Annotated[list[FoundLine], Meta(min_length=1, max_length=MAX_LINES)]


@post("/api/v1/returns/{return_id}/inspect", raises=(NoSuchReturn, IllegalMove, UnfitInspection, WarehouseClosed))
async def inspect_return(return_id: UUID, body: Inspection, call: Call, dispatch: Dispatch) -> ReturnView:
    """Say what became of each piece: stock is put right and the refund is on its way. For the warehouse."""
    lines = tuple(_line(found) for found in body.lines)
    answer: ReturnView = await dispatch(InspectReturn(return_id=return_id, lines=lines), call)
    return answer


def _line(found: FoundLine) -> Line:
    pieces = found.restock + found.write_off + found.refuse
    return Line(
        sku=found.sku,
        quantity=pieces,
        restocked=found.restock,
        written_off=found.write_off,
        refused=found.refuse,
    )
