"""What pricing tells, and the question that counts: what does it cost now?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event
from tradewind.kernel.money import Money


class ProductPriceChanged(Event, frozen=True):
    """From now on this is the price that counts."""

    TYPE = "ecommerce.pricing.price.changed.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str
    amount: Decimal
    currency: str
    valid_from: datetime
    previous_amount: Decimal | None = None


class FlashSaleStarted(Event, frozen=True):
    """Some products cost less for a while."""

    TYPE = "ecommerce.pricing.flash_sale.started.v1"
    KEY: ClassVar[str] = "sale_id"
    sale_id: UUID
    product_ids: tuple[UUID, ...]
    starts_at: datetime
    ends_at: datetime


class FlashSaleEnded(Event, frozen=True):
    """The usual prices count again (D12)."""

    TYPE = "ecommerce.pricing.flash_sale.ended.v1"
    KEY: ClassVar[str] = "sale_id"
    sale_id: UUID
    product_ids: tuple[UUID, ...]
    ended_at: datetime


class Price(Struct, frozen=True):
    """The price that counts now for one product."""

    sku: str
    product_id: UUID
    price: Money


class PricingPeer(Protocol):
    """What other contexts may ask pricing within their own transaction."""

    async def prices(self, tx: object, skus: Sequence[str], product_ids: Sequence[UUID]) -> Mapping[str | UUID, Price]:
        """The prices that count now, by SKU and by product id; whatever has no price is missing."""
        ...

    async def set_price(
        self, tx: object, product_id: UUID, sku: str, price: Money, *, reason: str, valid_from: datetime | None = None
    ) -> None:
        """Make `price` the one that counts from `valid_from` (now where None), and close the one before."""
        ...
