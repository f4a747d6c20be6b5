"""GET /api/v1/orders."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.orders.list_orders.query import MAX_PAGE, ListOrders, OrderPage
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/orders", raises=(UnfitCursor,))
async def list_orders(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
) -> OrderPage:
    """See your orders, newest first; a new one shows up within a second."""
    answer: OrderPage = await dispatch(ListOrders(limit=limit, cursor=cursor), call)
    return answer
