"""POST /api/v1/price-books/{book_id}/publish."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, post
from tradewind.contexts.pricing._domain.price_book import NoSuchPriceBook, NothingToPublish, PriceBook
from tradewind.contexts.pricing.publish_price_book.command import PublishPriceBook
from tradewind.kernel.versions import Outdated


@post("/api/v1/price-books/{book_id}/publish", raises=(NoSuchPriceBook, NothingToPublish, Outdated))
async def publish_price_book(book_id: UUID, call: Call, dispatch: Dispatch, if_match: IfMatch = None) -> PriceBook:
    """Let the draft of a price book count in place of the version before it; both stay in the history."""
    answer: PriceBook = await dispatch(PublishPriceBook(book_id=book_id, expected=if_match), call)
    return answer
