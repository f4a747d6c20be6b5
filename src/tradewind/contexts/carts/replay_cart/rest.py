"""GET /api/v1/carts/{cart_id}/history."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.carts._domain.cart import NoSuchCart
from tradewind.contexts.carts.replay_cart.query import LATEST, CartHistory, ReplayCart

Version = Annotated[int, Meta(ge=1, le=LATEST)]


@get("/api/v1/carts/{cart_id}/history", raises=(NoSuchCart,))
async def replay_cart(
    cart_id: UUID,
    call: Call,
    dispatch: Dispatch,
    at: Version | None = None,
    limit: Annotated[int, Meta(ge=1, le=100)] = 100,
    cursor: Version | None = None,
) -> CartHistory:
    """Replay a cart's history: how it stood at a version, and what had happened, newest first. For support."""
    command = ReplayCart(cart_id=cart_id, at=at, limit=limit, cursor=cursor)
    answer: CartHistory = await dispatch(command, call)
    return answer
