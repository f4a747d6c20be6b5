"""What pricing tells, and the question that counts: what does it cost now?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event
from tradewind.kernel.errors import Conflict, Invalid, NotFound
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
    """Some products cost less for a while: `price` of `currency`, `quantity` pieces, `per_buyer` for one buyer."""

    TYPE = "ecommerce.pricing.flash_sale.started.v1"
    KEY: ClassVar[str] = "sale_id"
    sale_id: UUID
    product_ids: tuple[UUID, ...]
    starts_at: datetime
    ends_at: datetime
    sku: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    quantity: int | None = None
    per_buyer: int | None = None


class FlashSaleExhausted(Event, frozen=True):
    """All its pieces are sold. It goes on: orders that are called off may give some back."""

    TYPE = "ecommerce.pricing.flash_sale.sold_out.v1"
    KEY: ClassVar[str] = "sale_id"
    sale_id: UUID
    product_ids: tuple[UUID, ...]
    sku: str


class FlashSaleReopened(Event, frozen=True):
    """It was sold out, and `left` pieces came back."""

    TYPE = "ecommerce.pricing.flash_sale.reopened.v1"
    KEY: ClassVar[str] = "sale_id"
    sale_id: UUID
    product_ids: tuple[UUID, ...]
    sku: str
    left: int


class FlashSaleEnded(Event, frozen=True):
    """The usual prices count again (D12)."""

    TYPE = "ecommerce.pricing.flash_sale.ended.v1"
    KEY: ClassVar[str] = "sale_id"
    sale_id: UUID
    product_ids: tuple[UUID, ...]
    ended_at: datetime
    sku: str | None = None
    sold: int | None = None


class Price(Struct, frozen=True):
    """The price that counts now for one product; `sale_id` where it is a running flash sale's."""

    sku: str
    product_id: UUID
    price: Money
    sale_id: UUID | None = None


class NewPrice(Struct, frozen=True):
    """What a product is to cost from now on."""

    product_id: UUID
    sku: str
    price: Money


class Explanation(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One step of a price: a rule, a discount, a tax, a rounding. Its amount is the sum of its parts' where it has any.

    A rule that did not apply has `applied` false, no amount that counts, and says `why`.
    """

    kind: str
    label: str
    amount: Decimal = Decimal(0)
    applied: bool = True
    why: str | None = None
    parts: "tuple[Explanation, ...]" = ()


class QuotedLine(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many of one product at the price that counts; `discount` is this line's share of what comes off."""

    sku: str
    product_id: UUID
    quantity: int
    unit_price: Money
    discount: Money
    sale_id: UUID | None = None


class Quote(Struct, frozen=True, kw_only=True, rename="camel"):
    """What these goods cost this buyer now. `total` = lines + shipping + tax - discount, exact, never below zero.

    `tax` comes on top; `tax_included` is what prices that include tax hold of it, told and not added.
    `coupons`: the codes that took part, in capitals.
    """

    lines: tuple[QuotedLine, ...]
    shipping: Money
    tax: Money
    tax_included: Money
    discount: Money
    total: Money
    coupons: tuple[str, ...]
    explanation: Explanation


class QuoteRequest(Struct, frozen=True, kw_only=True):
    """What to price, for whom, going where.

    `quantities`: SKU to number of pieces. `shipping` is before any promotion.
    """

    quantities: Mapping[str, int]
    customer_id: str
    groups: frozenset[str] = frozenset()
    currency: str
    country: str
    region: str | None = None
    shipping: Money
    coupons: tuple[str, ...] = ()


class Redemption(Struct, frozen=True, kw_only=True):
    """What an order takes of what is limited: uses of coupons, pieces of flash sales."""

    order_id: UUID
    customer_id: str
    coupons: tuple[str, ...] = ()
    sale_pieces: Mapping[UUID, int] = {}


class NoSuchPrice(NotFound):
    """It is not sold here, or not in this currency. `skus` names what has no price."""


class UnfitQuote(Invalid):
    """Nothing to price, or more than can be priced at once."""


class CouponSpent(Conflict):
    """A coupon has been used as often as it may be, by everybody or by this customer. `code` names it."""


class FlashSaleSoldOut(Conflict):
    """The sale has no such number of pieces left. `saleId` names it, `left` says how many there are."""


class FlashSaleLimit(Conflict):
    """One buyer may not have so many pieces of the sale. `perBuyer` says how many."""


class PricingPeer(Protocol):
    """What other contexts may ask pricing within their own transaction."""

    async def prices(self, tx: object, skus: Sequence[str], product_ids: Sequence[UUID]) -> Mapping[str | UUID, Price]:
        """The prices that count now, by SKU and by product id; whatever has no price is missing."""
        ...

    async def quote(self, tx: object, request: QuoteRequest) -> Quote:
        """What it all costs, explained. A coupon that does not count is no refusal. Refuses NoSuchPrice, UnfitQuote."""
        ...

    async def redeem(self, tx: object, wanted: Sequence[Redemption]) -> Sequence[Conflict | None]:
        """Decide, in order of arrival, who gets what is limited; None for those who do.

        Coupons, then sales, are locked in the order of their keys until the end of the transaction. Nothing is written.
        """
        ...

    async def on_sale(self, tx: object, order_id: UUID) -> frozenset[str]:
        """The SKUs of which the order has pieces of flash sales."""
        ...

    def redeemed(self, tx: object, granted: Sequence[Redemption]) -> None:
        """Those became orders: count what they took, with the transaction's last statement."""
        ...

    async def set_price(
        self, tx: object, product_id: UUID, sku: str, price: Money, *, reason: str, valid_from: datetime | None = None
    ) -> None:
        """Make `price` the one that counts from `valid_from` (now where None), and close the one before."""
        ...

    async def set_prices(self, tx: object, wanted: Sequence[NewPrice], *, reason: str) -> frozenset[UUID]:
        """As `set_price` from now on, for many products at once, each named once; those whose price really changed."""
        ...

    async def offer(self, tx: object, product_ids: Sequence[UUID]) -> None:
        """These are sold: `prices` knows them. So is every product with a price that nobody withheld."""
        ...

    async def withhold(self, tx: object, product_ids: Sequence[UUID]) -> None:
        """These are not sold until they are offered again: `prices` misses them, whatever they would cost."""
        ...
