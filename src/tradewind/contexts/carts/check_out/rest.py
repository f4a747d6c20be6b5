"""POST /api/v1/carts/{cart_id}/checkout."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, Reply, post
from tradewind.contexts.carts._domain.cart import CartClosed, NoSuchCart
from tradewind.contexts.carts.check_out.agree import QuoteExpired, QuoteOutdated, UnknownQuote
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.orders import OrderView, PlaceOrder, QuoteRef
from tradewind.contracts.pricing import CouponSpent, FlashSaleLimit, FlashSaleSoldOut
from tradewind.ports.flags import SwitchedOff

_RAISES = (
    NoSuchCart, CartClosed, UnknownQuote, QuoteExpired, QuoteOutdated, NotEnoughStock, CouponSpent, FlashSaleSoldOut,
    FlashSaleLimit, SwitchedOff,
)  # fmt: skip


class Agreement(Body, frozen=True):
    """The quote that was shown, and how it is paid. Without `paymentMethod` the order waits to be paid.

    `captureMethod` `manual`: the money is only held until the goods leave.
    """

    quote_token: Annotated[str, Meta(min_length=1, max_length=100)]
    payment_method: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    capture_method: Literal["automatic", "manual"] = "automatic"


@post("/api/v1/carts/{cart_id}/checkout", status=201, waits=True, raises=_RAISES)
async def check_out_cart(cart_id: UUID, body: Agreement, call: Call, dispatch: Dispatch) -> OrderView:
    """Check out: the cart becomes an order at exactly the price that was quoted. Answers as placing an order does."""
    quote = QuoteRef(cart_id=cart_id, token=body.quote_token)
    by_hand = body.capture_method == "manual"
    command = PlaceOrder(quote=quote, payment_method=body.payment_method, capture_by_hand=by_hand)
    answer: OrderView = await dispatch(command, call)
    where = {"Location": f"/api/v1/orders/{answer.id}"}
    return Reply(content=answer, headers=where)  # type: ignore[return-value]  # the order, and where it is found
