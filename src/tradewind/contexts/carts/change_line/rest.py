"""PUT and DELETE /api/v1/carts/{cart_id}/lines/{sku}."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, delete, put
from tradewind.contexts.carts._domain.cart import MAX_PIECES, CartClosed, CartFull, NoSuchCart, NoSuchLine
from tradewind.contexts.carts._domain.views import CartView
from tradewind.contexts.carts.change_line.command import ChangeLine, RemoveLine
from tradewind.kernel.versions import Outdated


class Quantity(Body, frozen=True):
    """How many there are to be."""

    qty: Annotated[int, Meta(ge=1, le=MAX_PIECES)]


@put(
    "/api/v1/carts/{cart_id}/lines/{sku}",
    raises=(NoSuchCart, NoSuchLine, CartFull, CartClosed, Outdated),
)
async def change_line_of_cart(
    cart_id: UUID, sku: str, body: Quantity, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> CartView:
    """Change how many of something are in a cart. With `If-Match`, only if nobody changed the cart meanwhile."""
    command = ChangeLine(cart_id=cart_id, sku=sku, quantity=body.qty, version=if_match)
    answer: CartView = await dispatch(command, call)
    return answer


@delete("/api/v1/carts/{cart_id}/lines/{sku}", status=200, raises=(NoSuchCart, NoSuchLine, CartClosed, Outdated))
async def remove_line_from_cart(
    cart_id: UUID, sku: str, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> CartView:
    """Take something out of a cart, or from what is saved for later."""
    answer: CartView = await dispatch(RemoveLine(cart_id=cart_id, sku=sku, version=if_match), call)
    return answer
