"""What a cart looks like to those who may see it."""

from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.carts._domain.cart import Cart, Line


class LineView(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many of one product; `priceWhenAdded` is that of one piece."""

    sku: str
    product_id: UUID
    qty: int
    price_when_added: Decimal
    currency: str


class CartView(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A cart. `saved` is what was put aside; `version` is what `If-Match` names."""

    id: UUID
    version: int
    status: str
    items: tuple[LineView, ...]
    saved: tuple[LineView, ...]
    order_id: UUID | None = None
    merged_into: UUID | None = None


def view(cart: Cart) -> CartView:
    """What clients see of `cart`; whose it is is left out."""
    return CartView(
        id=cart.id,
        version=cart.version,
        status=cart.status.value,
        items=tuple(line_view(line) for line in cart.lines if not line.saved),
        saved=tuple(line_view(line) for line in cart.lines if line.saved),
        order_id=cart.order_id,
        merged_into=cart.merged_into,
    )


def line_view(line: Line) -> LineView:
    """One line as it lies in the cart."""
    return LineView(
        sku=line.sku,
        product_id=line.product_id,
        qty=line.quantity,
        price_when_added=line.price.amount,
        currency=line.price.currency,
    )
