"""POST /api/v1/carts/{cart_id}/quote."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.address import Address
from tradewind.api.postal import InvalidAddress
from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.carts._domain.cart import CartClosed, NoSuchCart
from tradewind.contexts.carts._domain.quote import (
    MAX_COUPONS,
    MAX_EMAIL,
    EmailNeeded,
    EmptyCart,
    MixedCurrencies,
    NoCarriage,
    TooManyQuotes,
)
from tradewind.contexts.carts.quote_cart.command import QuoteCart, QuoteView
from tradewind.contracts.inventory import NotEnoughStock

Code = Annotated[str, Meta(min_length=1, max_length=64)]
_RAISES = (
    NoSuchCart, CartClosed, EmptyCart, EmailNeeded, InvalidAddress, NotEnoughStock, NoCarriage, MixedCurrencies,
    TooManyQuotes,
)  # fmt: skip


class QuoteWish(Body, frozen=True):
    """Where to (with `pickup` the country is enough), in which way, with which coupons.

    A guest gives an e-mail address.
    """

    shipping_address: Address
    shipping_method: Annotated[str, Meta(min_length=1, max_length=40)] = "standard"
    email: Annotated[str, Meta(min_length=3, max_length=MAX_EMAIL)] | None = None
    coupons: Annotated[tuple[Code, ...], Meta(max_length=MAX_COUPONS)] = ()
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None


@post("/api/v1/carts/{cart_id}/quote", status=201, limit="coupon", raises=_RAISES)
async def quote_cart(cart_id: UUID, body: QuoteWish, call: Call, dispatch: Dispatch) -> QuoteView:
    """Quote a cart with shipping, tax and promotions, explained. The price shown is the price that is charged: hand
    the token to the checkout within 15 minutes, before the cart is changed."""
    command = QuoteCart(
        cart_id=cart_id,
        shipping_address=body.shipping_address.place(),
        shipping_method=body.shipping_method,
        email=body.email,
        coupons=body.coupons,
        currency=body.currency,
    )
    answer: QuoteView = await dispatch(command, call)
    return answer
