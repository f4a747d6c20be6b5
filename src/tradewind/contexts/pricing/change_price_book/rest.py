"""PATCH /api/v1/price-books/{book_id}."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, patch
from tradewind.contexts.pricing._domain.price_book import MAX_NAME, InvalidPriceBook, NoSuchPriceBook, PriceBook
from tradewind.contexts.pricing.change_price_book.command import ChangePriceBook
from tradewind.kernel.versions import Outdated


class PriceBookChange(Body, frozen=True):
    """What is left out stays; `null` opens an end of the draft's time window."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)] | UnsetType = UNSET
    valid_from: Annotated[datetime, Meta(tz=True)] | UnsetType | None = UNSET
    valid_to: Annotated[datetime, Meta(tz=True)] | UnsetType | None = UNSET


@patch("/api/v1/price-books/{book_id}", raises=(NoSuchPriceBook, InvalidPriceBook, Outdated))
async def change_price_book(
    book_id: UUID, body: PriceBookChange, if_match: IfMatch, call: Call, dispatch: Dispatch
) -> PriceBook:
    """Name a price book otherwise, or give its draft another time window. Its currency and group are for good."""
    command = ChangePriceBook(
        book_id=book_id, expected=if_match, name=body.name, valid_from=body.valid_from, valid_to=body.valid_to
    )
    answer: PriceBook = await dispatch(command, call)
    return answer
