"""POST /api/v1/orders/{order_id}/pay."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.pay_order.command import NotPayable, PayOrder
from tradewind.contexts.orders.place_order.paying import UnknownPaymentMethod
from tradewind.kernel.cards import CardNumberRefused


class Payment(Body, frozen=True):
    """How to pay: a token of the payment provider, or `saved:` and the id of a payment method that you keep."""

    payment_method: Annotated[str, Meta(min_length=1, max_length=100)]


@post(
    "/api/v1/orders/{order_id}/pay",
    status=202,
    waits=True,
    raises=(NoSuchOrder, NotPayable, UnknownPaymentMethod, CardNumberRefused),
)
async def pay_order(order_id: UUID, body: Payment, call: Call, dispatch: Dispatch) -> OrderView:
    """Pay an order whose goods are held; the answer comes before the provider's, unless you `Prefer: wait`."""
    command = PayOrder(order_id=order_id, payment_method=body.payment_method)
    answer: OrderView = await dispatch(command, call)
    return answer
