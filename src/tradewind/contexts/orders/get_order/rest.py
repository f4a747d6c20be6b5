"""GET /api/v1/orders/{order_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.get_order.query import GetOrder


@get("/api/v1/orders/{order_id}", raises=(NoSuchOrder,))
async def get_order(order_id: UUID, call: Call, dispatch: Dispatch) -> OrderView:
    """See an order of yours and how it came to where it stands."""
    answer: OrderView = await dispatch(GetOrder(order_id=order_id), call)
    return answer
