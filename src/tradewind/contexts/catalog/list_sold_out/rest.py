"""GET /api/v1/sold-out-products."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.catalog.list_sold_out.query import MAX_PAGE, PAGE, ListSoldOut, SoldOutPage
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/sold-out-products", raises=(UnfitCursor,))
async def list_sold_out(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: Cursor | None = None,
) -> SoldOutPage:
    """See which products are sold out, the longest first. For staff."""
    answer: SoldOutPage = await dispatch(ListSoldOut(limit=limit, cursor=cursor), call)
    return answer
