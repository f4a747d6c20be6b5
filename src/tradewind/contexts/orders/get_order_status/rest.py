"""GET /api/v1/orders/{order_id}/status."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.get_order_status.kept import GetOrderStatus, OrderStatus


@get("/api/v1/orders/{order_id}/status", raises=(NoSuchOrder,))
async def get_order_status(order_id: UUID, call: Call, dispatch: Dispatch) -> OrderStatus:
    """See where an order of yours stands; cheap enough to be asked often."""
    answer: OrderStatus = await dispatch(GetOrderStatus(order_id=order_id), call)
    return answer
