"""POST /api/v1/orders/{order_id}/payment/verify."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.verify_payment.command import VerifyPayment


@post("/api/v1/orders/{order_id}/payment/verify", status=202, waits=True, raises=(NoSuchOrder,))
async def verify_payment(order_id: UUID, call: Call, dispatch: Dispatch) -> OrderView:
    """Say that you are back from proving yourself (`nextAction`); the shop asks the provider what came of it."""
    answer: OrderView = await dispatch(VerifyPayment(order_id=order_id), call)
    return answer
