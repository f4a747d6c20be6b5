"""PUT /api/v1/price-books/{book_id}/entries."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, put
from tradewind.contexts.pricing._domain.price_book import (
    MAX_ENTRIES,
    MAX_SKU,
    Entry,
    InvalidPriceBook,
    NoSuchPriceBook,
    PriceBook,
)
from tradewind.contexts.pricing.enter_prices.command import EnterPrices
from tradewind.kernel.versions import Outdated

Sku = Annotated[str, Meta(min_length=1, max_length=MAX_SKU)]


class Prices(Body, frozen=True):
    """Several entries of one SKU, with different quantities, are its quantity breaks."""

    entries: Annotated[tuple[Entry, ...], Meta(max_length=MAX_ENTRIES)] = ()
    remove: Annotated[tuple[Sku, ...], Meta(max_length=MAX_ENTRIES)] = ()


@put("/api/v1/price-books/{book_id}/entries", raises=(NoSuchPriceBook, InvalidPriceBook, Outdated))
async def enter_prices(
    book_id: UUID, body: Prices, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> PriceBook:
    """Write prices into the draft of a price book. SKUs that are not named keep theirs; nothing counts yet."""
    command = EnterPrices(book_id=book_id, entries=body.entries, remove=body.remove, expected=if_match)
    answer: PriceBook = await dispatch(command, call)
    return answer
