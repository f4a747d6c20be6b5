"""POST /api/v1/orders/{order_id}/refunds."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.payments.refund_payment.command import (
    MoneyIsHeld,
    NoSuchPayment,
    RefundPayment,
    RefundTooLarge,
    RefundView,
    UnfitRefund,
)
from tradewind.contexts.payments.refund_payment.goods import NotHeardYet, RefundedAlready, RefundLine, UnfitLines

MAX_LINES = 1_000


class GoodsBack(Body, frozen=True):
    """So many pieces of one product of the order."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=100_000)]


class NewRefund(Body, frozen=True):
    """How much goes back, as an amount or as goods, and why. Without a currency it is the payment's."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    amount: Decimal | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    lines: Annotated[tuple[GoodsBack, ...], Meta(max_length=MAX_LINES)] = ()


@post(
    "/api/v1/orders/{order_id}/refunds",
    status=202,
    raises=(NoSuchPayment, MoneyIsHeld, NotHeardYet, RefundTooLarge, RefundedAlready, UnfitLines, UnfitRefund),
)
async def refund_payment(order_id: UUID, body: NewRefund, call: Call, dispatch: Dispatch) -> RefundView:
    """Give back all or some of what an order's buyer paid: an amount, or what was paid for some goods of it."""
    command = RefundPayment(
        order_id=order_id,
        reason=body.reason,
        amount=body.amount,
        currency=body.currency,
        lines=tuple(RefundLine(line.sku, line.qty) for line in body.lines),
    )
    answer: RefundView = await dispatch(command, call)
    return answer
