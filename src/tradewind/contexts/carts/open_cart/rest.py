"""POST /api/v1/carts."""

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.carts.open_cart.command import OpenCart, OpenedCart, TooManyCarts


@post("/api/v1/carts", status=201, raises=(TooManyCarts,))
async def open_cart(call: Call, dispatch: Dispatch) -> OpenedCart:
    """Take a cart. A guest's becomes the user's once the guest logs in. `/api/v1/baskets` is the same."""
    answer: OpenedCart = await dispatch(OpenCart(), call)
    return answer
