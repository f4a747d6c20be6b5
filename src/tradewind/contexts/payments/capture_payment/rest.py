"""POST /api/v1/orders/{order_id}/captures."""

from decimal import Decimal
from uuid import UUID

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.payments.capture_payment.command import (
    CapturePayment,
    CaptureTooLarge,
    CaptureView,
    NotCapturable,
)
from tradewind.contexts.payments.refund_payment.command import NoSuchPayment


class NewCapture(Body, frozen=True):
    """How much of what is held is taken; without an amount all of it. What is not taken is let go."""

    amount: Decimal | None = None


@post("/api/v1/orders/{order_id}/captures", status=202, raises=(NoSuchPayment, NotCapturable, CaptureTooLarge))
async def capture_payment(
    order_id: UUID, call: Call, dispatch: Dispatch, body: NewCapture = NewCapture()
) -> CaptureView:
    """Capture what is held for an order that is captured by hand, once: all of it or a part."""
    answer: CaptureView = await dispatch(CapturePayment(order_id=order_id, amount=body.amount), call)
    return answer
