"""POST /api/v1/returns/{return_id}/receive."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.returns._domain.returned import UnfitReceipt
from tradewind.contexts.returns._domain.views import ReturnView
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.receive_return.command import ReceiveReturn
from tradewind.contexts.returns.request_return.command import MAX_LINES
from tradewind.contracts.inventory import NoSuchWarehouse, WarehouseClosed
from tradewind.kernel.lifecycle import IllegalMove

Code = Annotated[str, Meta(min_length=1, max_length=32)]


class PlacedLine(Body, frozen=True):
    """One SKU that came to another warehouse than the rest."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    warehouse: Code


class Receipt(Body, frozen=True):
    """Where the parcel came to; `lines` names what came elsewhere. What is not named came to where it had left from."""

    warehouse: Code | None = None
    lines: Annotated[tuple[PlacedLine, ...], Meta(max_length=MAX_LINES)] = ()


WHERE_IT_LEFT = Receipt()


@post(
    "/api/v1/returns/{return_id}/receive",
    raises=(NoSuchReturn, IllegalMove, UnfitReceipt, NoSuchWarehouse, WarehouseClosed),
)
async def receive_return(return_id: UUID, call: Call, dispatch: Dispatch, body: Receipt = WHERE_IT_LEFT) -> ReturnView:
    """Report that a parcel came back, and to which warehouse: what is restocked goes there. For the warehouse."""
    apart = tuple((line.sku, line.warehouse) for line in body.lines)
    command = ReceiveReturn(return_id=return_id, warehouse=body.warehouse, apart=apart)
    answer: ReturnView = await dispatch(command, call)
    return answer
