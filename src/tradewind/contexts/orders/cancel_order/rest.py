"""POST /api/v1/orders/{order_id}/cancel."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.cancel_order.command import CancelOrder, NotCancelable


class Cancellation(Body, frozen=True):
    """Why it is called off, in your own words."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


@post("/api/v1/orders/{order_id}/cancel", status=202, waits=True, raises=(NoSuchOrder, NotCancelable))
async def cancel_order(
    order_id: UUID,
    call: Call,
    dispatch: Dispatch,
    body: Cancellation = Cancellation(),
) -> OrderView:
    """Call an order of yours off while it is pending; what was held is given back before it is CANCELED."""
    answer: OrderView = await dispatch(CancelOrder(order_id=order_id, reason=body.reason), call)
    return answer
