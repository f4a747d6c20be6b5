"""GET /api/v1/shipping/rates."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.shipping.quote_rates.query import MAX_PIECES, NoCarriage, QuoteRates, Rates


@get("/api/v1/shipping/rates", public=True, raises=(NoCarriage,))
async def quote_rates(
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")],
    call: Call,
    dispatch: Dispatch,
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR",
    pieces: Annotated[int, Meta(ge=1, le=MAX_PIECES)] = 1,
) -> Rates:
    """See the ways to send goods to a country, and what each costs before any promotion."""
    answer: Rates = await dispatch(QuoteRates(country=country, currency=currency, pieces=pieces), call)
    return answer
