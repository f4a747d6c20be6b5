"""POST /api/v1/orders/{order_id}/void."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.void_order.command import NotVoidable, VoidOrder


@post("/api/v1/orders/{order_id}/void", status=202, waits=True, raises=(NoSuchOrder, NotVoidable))
async def void_order(order_id: UUID, call: Call, dispatch: Dispatch) -> OrderView:
    """Let go of what is held for a confirmed order that is captured by hand; it is CANCELED once all is given back."""
    answer: OrderView = await dispatch(VoidOrder(order_id=order_id), call)
    return answer
