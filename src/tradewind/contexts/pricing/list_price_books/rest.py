"""GET /api/v1/price-books."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing.list_price_books.query import MAX_PAGE, PAGE, ListPriceBooks, PriceBooks


@get("/api/v1/price-books")
async def list_price_books(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: UUID | None = None,
) -> PriceBooks:
    """See the price books. For staff."""
    answer: PriceBooks = await dispatch(ListPriceBooks(limit=limit, cursor=cursor), call)
    return answer
