"""GET /api/v1/price-books/{book_id}, its versions and its entries."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing._domain.price_book import NoSuchPriceBook, PriceBook
from tradewind.contexts.pricing.get_price_book.query import (
    MAX_PAGE,
    PAGE,
    BookEntries,
    BookVersions,
    GetPriceBook,
    ListBookEntries,
    ListBookVersions,
)
from tradewind.kernel.pages import Cursor, UnfitCursor

Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE)]
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]


@get("/api/v1/price-books/{book_id}", raises=(NoSuchPriceBook,))
async def get_price_book(book_id: UUID, call: Call, dispatch: Dispatch) -> PriceBook:
    """See one price book: for whom it is, which version counts, and whether it has a draft. For staff."""
    answer: PriceBook = await dispatch(GetPriceBook(book_id=book_id), call)
    return answer


@get("/api/v1/price-books/{book_id}/versions", raises=(NoSuchPriceBook,))
async def list_versions(
    book_id: UUID, call: Call, dispatch: Dispatch, limit: Limit = PAGE, cursor: Number | None = None
) -> BookVersions:
    """See every version that a price book had, newest first, with who published it. For staff."""
    command = ListBookVersions(book_id=book_id, limit=limit, cursor=cursor)
    answer: BookVersions = await dispatch(command, call)
    return answer


@get("/api/v1/price-books/{book_id}/entries", raises=(NoSuchPriceBook, UnfitCursor))
async def list_entries(
    book_id: UUID,
    call: Call,
    dispatch: Dispatch,
    number: Number | None = None,
    limit: Limit = PAGE,
    cursor: Cursor | None = None,
) -> BookEntries:
    """See what a version of a price book says; the active one, where none is named. For staff."""
    command = ListBookEntries(book_id=book_id, number=number, limit=limit, cursor=cursor)
    answer: BookEntries = await dispatch(command, call)
    return answer
