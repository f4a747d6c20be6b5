"""POST /api/v1/orders/{order_id}/payment/verify."""

from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.verify_payment.command import VerifyPayment
from tradewind.kernel.cards import CardNumberRefused
from tradewind.kernel.errors import Invalid

MAX_RESULT: Final = 4_096
"""Characters of what a provider has a browser bring back. A request line that is too long for the server is 414."""


@post(
    "/api/v1/orders/{order_id}/payment/verify",
    status=202,
    waits=True,
    raises=(NoSuchOrder, CardNumberRefused),
)
async def verify_payment(
    order_id: UUID,
    call: Call,
    dispatch: Dispatch,
    redirect_result: Annotated[str, Meta(min_length=1)] | None = None,
) -> OrderView:
    """Say that you are back from proving yourself (`nextAction`), with the `redirectResult` that came along, if any."""
    if redirect_result is not None and len(redirect_result) > MAX_RESULT:
        raise Invalid(f"redirectResult is longer than {MAX_RESULT} characters.")
    command = VerifyPayment(order_id=order_id, proof=redirect_result)
    answer: OrderView = await dispatch(command, call)
    return answer
