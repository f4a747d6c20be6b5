"""GET /api/v1/shipping/rates."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.shipping.quote_rates.query import MAX_GRAMS, MAX_PIECES, NoCarriage, QuoteRates, Rates
from tradewind.kernel.money import NotMoney


@get("/api/v1/shipping/rates", public=True, raises=(NoCarriage, NotMoney))
async def quote_rates(
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")],
    call: Call,
    dispatch: Dispatch,
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR",
    pieces: Annotated[int, Meta(ge=1, le=MAX_PIECES)] = 1,
    weight_g: Annotated[int, Meta(ge=1, le=MAX_GRAMS)] | None = None,
    amount: Decimal | None = None,
) -> Rates:
    """See the ways to send goods to a country, and what each costs before any promotion.

    `weightG`: what they weigh, or what their size counts for (a gram each 5 cubic centimetres); `amount`: what they are
    worth.
    """
    question = QuoteRates(country=country, currency=currency, pieces=pieces, weight_g=weight_g, amount=amount)
    answer: Rates = await dispatch(question, call)
    return answer
