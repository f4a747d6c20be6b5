"""GET /api/v1/carts/{cart_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.carts._domain.cart import NoSuchCart
from tradewind.contexts.carts.get_cart.query import CartNow, GetCart


@get("/api/v1/carts/{cart_id}", raises=(NoSuchCart,))
async def get_cart(cart_id: UUID, call: Call, dispatch: Dispatch) -> CartNow:
    """Look into a cart: lines with today's price and stock, and whether a price is another than when they came."""
    answer: CartNow = await dispatch(GetCart(cart_id=cart_id), call)
    return answer
