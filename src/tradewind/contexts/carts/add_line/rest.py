"""POST /api/v1/carts/{cart_id}/lines."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, post
from tradewind.contexts.carts._domain.cart import MAX_PIECES, CartClosed, CartFull, NoSuchCart
from tradewind.contexts.carts._domain.views import CartView
from tradewind.contexts.carts.add_line.command import AddLine
from tradewind.contracts.orders import UnknownProduct
from tradewind.kernel.versions import Outdated


class NewLine(Body, frozen=True):
    """A product by its SKU, and how many more of it."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=MAX_PIECES)] = 1


@post(
    "/api/v1/carts/{cart_id}/lines",
    status=201,
    raises=(NoSuchCart, UnknownProduct, CartFull, CartClosed, Outdated),
)
async def add_line_to_cart(
    cart_id: UUID, body: NewLine, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> CartView:
    """Put something into a cart, or more of what is in it. Nothing is held in stock for it."""
    command = AddLine(cart_id=cart_id, sku=body.sku, quantity=body.qty, version=if_match)
    answer: CartView = await dispatch(command, call)
    return answer
