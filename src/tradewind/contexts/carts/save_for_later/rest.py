"""POST and DELETE /api/v1/carts/{cart_id}/lines/{sku}/saved."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, delete, post
from tradewind.contexts.carts._domain.cart import CartClosed, NoSuchCart, NoSuchLine
from tradewind.contexts.carts._domain.views import CartView
from tradewind.contexts.carts.save_for_later.command import MoveBack, SaveForLater
from tradewind.kernel.versions import Outdated

_RAISES = (NoSuchCart, NoSuchLine, CartClosed, Outdated)


@post("/api/v1/carts/{cart_id}/lines/{sku}/saved", status=200, raises=_RAISES)
async def save_for_later(cart_id: UUID, sku: str, call: Call, dispatch: Dispatch, if_match: IfMatch = None) -> CartView:
    """Save a line for later: it stays with the cart and is no part of quotes and orders."""
    answer: CartView = await dispatch(SaveForLater(cart_id=cart_id, sku=sku, version=if_match), call)
    return answer


@delete("/api/v1/carts/{cart_id}/lines/{sku}/saved", status=200, raises=_RAISES)
async def move_back_to_cart(
    cart_id: UUID, sku: str, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> CartView:
    """Move a line that was saved for later back into the cart."""
    answer: CartView = await dispatch(MoveBack(cart_id=cart_id, sku=sku, version=if_match), call)
    return answer
