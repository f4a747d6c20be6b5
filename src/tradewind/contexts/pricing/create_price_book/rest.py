"""POST /api/v1/price-books."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.pricing._domain.price_book import MAX_NAME, InvalidPriceBook, PriceBook
from tradewind.contexts.pricing.create_price_book.command import CreatePriceBook


class NewPriceBook(Body, frozen=True):
    """A book; without a customer group it is for everybody, without a time window it counts always."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    customer_group: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)] | None = None
    valid_from: Annotated[datetime, Meta(tz=True)] | None = None
    valid_to: Annotated[datetime, Meta(tz=True)] | None = None


@post("/api/v1/price-books", status=201, raises=(InvalidPriceBook,))
async def create_price_book(body: NewPriceBook, call: Call, dispatch: Dispatch) -> PriceBook:
    """Open a price book with an empty draft. Its prices count once a version is published."""
    command = CreatePriceBook(
        name=body.name,
        currency=body.currency,
        customer_group=body.customer_group,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
    )
    answer: PriceBook = await dispatch(command, call)
    return answer
