"""What a flash sale looks like to everybody."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.flash_sale import FlashSale, SaleState


class FlashSaleView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A flash sale. `left`: pieces that are to be had; `perBuyer`: how many of them one buyer may have."""

    id: UUID
    sku: str
    product_id: UUID
    price: Decimal
    currency: str
    quantity: int
    left: int
    per_buyer: int
    state: SaleState
    starts_at: datetime
    ends_at: datetime


def view(sale: FlashSale) -> FlashSaleView:
    """Everything of it but who made it."""
    return FlashSaleView(
        id=sale.id,
        sku=sale.sku,
        product_id=sale.product_id,
        price=sale.price.amount,
        currency=sale.price.currency,
        quantity=sale.quantity,
        left=sale.left,
        per_buyer=sale.per_buyer,
        state=sale.state,
        starts_at=sale.starts_at,
        ends_at=sale.ends_at,
    )
