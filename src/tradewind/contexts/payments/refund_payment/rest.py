"""POST /api/v1/orders/{order_id}/refunds."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.payments.refund_payment.command import NoSuchPayment, RefundPayment, RefundTooLarge, RefundView
from tradewind.kernel.money import Money


class NewRefund(Body, frozen=True):
    """How much goes back, and why."""

    amount: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


@post("/api/v1/orders/{order_id}/refunds", status=202, raises=(NoSuchPayment, RefundTooLarge))
async def refund_payment(order_id: UUID, body: NewRefund, call: Call, dispatch: Dispatch) -> RefundView:
    """Give back all or some of what an order's buyer paid."""
    amount = Money.parse(body.amount, body.currency)
    command = RefundPayment(order_id=order_id, amount_minor=amount.minor, currency=amount.currency, reason=body.reason)
    answer: RefundView = await dispatch(command, call)
    return answer
