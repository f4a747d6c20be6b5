"""GET /api/v1/orders/{order_id}/payment."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.payments.get_payment.query import GetPayment, PaymentView


@get("/api/v1/orders/{order_id}/payment")
async def get_payment(order_id: UUID, call: Call, dispatch: Dispatch) -> PaymentView:
    """See what was held, taken and given back for an order."""
    answer: PaymentView = await dispatch(GetPayment(order_id=order_id), call)
    return answer
