"""All that a quote is made of, loaded beforehand. Amounts are minor units of the quote's one currency."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.promotion import State, Terms
from tradewind.contexts.pricing._domain.taxes import TaxRegion


class SaleOffer(Struct, frozen=True, kw_only=True):
    """A running flash sale of one SKU. `left` pieces are to be had, `taken` has this buyer had already."""

    sale_id: UUID
    minor: int
    left: int
    per_buyer: int | None = None
    taken: int = 0


class BookPrice(Struct, frozen=True, kw_only=True):
    """What an active price book says of one SKU from `min_quantity` pieces on; `group` None is for everybody."""

    book_id: UUID
    name: str
    minor: int
    group: str | None = None
    min_quantity: int = 1
    valid_from: datetime | None = None


class Item(Struct, frozen=True, kw_only=True):
    """So many of one product, and every price that it might have here."""

    sku: str
    product_id: UUID
    quantity: int
    list_minor: int | None = None
    override_minor: int | None = None
    books: tuple[BookPrice, ...] = ()
    sale: SaleOffer | None = None
    category: str = ""
    category_path: str = ""
    tax_class: str = "standard"


class Promotion(Struct, frozen=True, kw_only=True):
    """A promotion as it stands now; `customer_uses` counts this customer's."""

    id: UUID
    name: str
    state: State
    needs_coupon: bool
    terms: Terms
    currency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    max_uses: int | None = None
    max_per_customer: int | None = None
    uses: int = 0
    customer_uses: int = 0


class Coupon(Struct, frozen=True, kw_only=True):
    """A code that exists, in capitals; the batch's limit counts for all its codes together."""

    code: str
    promotion_id: UUID
    max_uses: int | None = None
    max_per_customer: int | None = None
    uses: int = 0
    customer_uses: int = 0
    batch_max: int | None = None
    batch_uses: int = 0


class Facts(Struct, frozen=True, kw_only=True):
    """Everything. `codes` are as the buyer gave them, in capitals, each once; `coupons` are those that exist."""

    items: tuple[Item, ...]
    currency: str
    at: datetime
    shipping: int = 0
    country: str = ""
    groups: frozenset[str] = frozenset()
    codes: tuple[str, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    coupons: tuple[Coupon, ...] = ()
    tax: TaxRegion | None = None
