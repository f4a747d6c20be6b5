"""POST /api/v1/orders."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from tradewind.api.address import Address
from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders.place_order.command import (
    MAX_LINES,
    MAX_QUANTITY,
    OrderLine,
    PlaceOrder,
    UnfitCurrency,
    UnknownProduct,
)
from tradewind.contexts.orders.place_order.paying import UnknownPaymentMethod
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.pricing import FlashSaleLimit, FlashSaleSoldOut
from tradewind.kernel.cards import CardNumberRefused
from tradewind.ports.flags import SwitchedOff


class NewLine(Body, frozen=True):
    """One line: a product, named by `sku` or by `productId`, and how many of it."""

    qty: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    sku: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    product_id: UUID | None = None


class NewOrder(Body, frozen=True):
    """What to buy and how. Without `paymentMethod` the goods are held and the order waits to be paid.

    `paymentMethod` is a token of the payment provider, or `saved:` and the id of a payment method that you keep.
    Without an address they are fetched. `captureMethod` `manual`: the money is only held until the goods leave.
    """

    items: Annotated[list[NewLine], Meta(min_length=1, max_length=MAX_LINES)]
    payment_method: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    shipping_address: Address | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    capture_method: Literal["automatic", "manual"] = "automatic"


@post(
    "/api/v1/orders",
    status=201,
    waits=True,
    raises=(
        NotEnoughStock,
        FlashSaleSoldOut,
        FlashSaleLimit,
        UnknownProduct,
        UnfitCurrency,
        UnknownPaymentMethod,
        CardNumberRefused,
        SwitchedOff,
    ),
)
async def place_order(body: NewOrder, call: Call, dispatch: Dispatch) -> OrderView:
    """Place an order: its goods are held when this answers; payment and shipment follow."""
    command = PlaceOrder(
        items=tuple(OrderLine(qty=line.qty, sku=line.sku, product_id=line.product_id) for line in body.items),
        currency=body.currency,
        payment_method=body.payment_method,
        capture_by_hand=body.capture_method == "manual",
        shipping_address=body.shipping_address.place() if body.shipping_address else None,
    )
    answer: OrderView = await dispatch(command, call)
    return answer
