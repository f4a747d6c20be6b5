"""GET /api/v1/carts."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.carts._domain.cart import Status
from tradewind.contexts.carts.list_carts.query import MAX_PAGE, CartPage, ListCarts


@get("/api/v1/carts")
async def list_carts(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: UUID | None = None,
    status: Status | None = None,
) -> CartPage:
    """See your carts, newest first: how another device finds the one that is open."""
    answer: CartPage = await dispatch(ListCarts(limit=limit, cursor=cursor, status=status), call)
    return answer
