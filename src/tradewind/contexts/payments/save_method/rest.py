"""POST /api/v1/payment-methods."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.payments.save_method.command import MethodView, SaveMethod, TooManyPaymentMethods
from tradewind.kernel.cards import CardNumberRefused


class NewMethod(Body, frozen=True):
    """The provider's token for a card, and what its owner tells it by: never the number of the card."""

    token: Annotated[str, Meta(min_length=1, max_length=90)]
    brand: Annotated[str, Meta(min_length=1, max_length=40)]
    last4: Annotated[str, Meta(pattern="^[0-9]{4}$")]
    exp_month: Annotated[int, Meta(ge=1, le=12)]
    exp_year: Annotated[int, Meta(ge=2000, le=2100)]
    default: bool = False
    provider: Annotated[str, Meta(pattern="^[a-z][a-z-]{0,39}$")] = "simulated"


@post("/api/v1/payment-methods", status=201, raises=(CardNumberRefused, TooManyPaymentMethods))
async def save_method(body: NewMethod, call: Call, dispatch: Dispatch) -> MethodView:
    """Keep a payment method by its provider's token, to pay with it later. The first is the default."""
    command = SaveMethod(
        token=body.token,
        brand=body.brand,
        last4=body.last4,
        exp_month=body.exp_month,
        exp_year=body.exp_year,
        default=body.default,
        provider=body.provider,
    )
    answer: MethodView = await dispatch(command, call)
    return answer
