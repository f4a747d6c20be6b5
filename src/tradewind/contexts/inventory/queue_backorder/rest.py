"""POST /api/v1/inventory/backorders, and what becomes of one."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, get, post
from tradewind.contexts.inventory._domain.claim import MAX_QUANTITY, InvalidClaim
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory._store.backorders import Backorder, NoSuchBackorder
from tradewind.contexts.inventory.queue_backorder.command import CancelBackorder, GetBackorder, QueueBackorder
from tradewind.kernel.ids import new_id


class NewBackorder(Body, frozen=True, kw_only=True):
    """So many of one SKU. Who names its id may ask again and waits once."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    id: UUID | None = None


@post("/api/v1/inventory/backorders", status=201, raises=(InvalidClaim, NoSuchStock))
async def queue_backorder(body: NewBackorder, call: Call, dispatch: Dispatch) -> Backorder:
    """Wait for goods. Once they are held for it, it is a reservation of the same id, to be confirmed or canceled."""
    command = QueueBackorder(backorder_id=body.id or new_id(), sku=body.sku, quantity=body.qty)
    answer: Backorder = await dispatch(command, call)
    return answer


@post("/api/v1/inventory/backorders/{backorder_id}/cancel", raises=(NoSuchBackorder,))
async def cancel_backorder(backorder_id: UUID, call: Call, dispatch: Dispatch) -> Backorder:
    """Wait no more; what was held is free again."""
    answer: Backorder = await dispatch(CancelBackorder(backorder_id=backorder_id), call)
    return answer


@get("/api/v1/inventory/backorders/{backorder_id}", raises=(NoSuchBackorder,))
async def get_backorder(backorder_id: UUID, call: Call, dispatch: Dispatch) -> Backorder:
    """Whether it still waits, and how many wait before it."""
    answer: Backorder = await dispatch(GetBackorder(backorder_id=backorder_id), call)
    return answer
