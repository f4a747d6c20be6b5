"""A product as search shows it, folded from events: what is heard of it, and what of that is shown. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.catalog import CategoryCreated, CategoryUpdated, ProductCreated, ProductUpdated
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.kernel.money import Money
from tradewind.ports.search import ProductDocument

MOST_SHOWN: Final = 20
"""Pieces in stock that are told exactly; of more, so many are told: what is plentiful is sold without a new index."""
MAKERS: Final = ("author", "authors", "brand", "artist", "maker", "manufacturer")
"""Attributes that name people and brands one looks for; several in one are separated by commas."""
POPULARITY: Final = ("popularity", "ratings_count")
"""Attributes whose names end so say how many know a product already; they decide among equals, and are no facets."""
FOUND_BY: Final = frozenset({"original_title", "isbn", "ean", "gtin", "mpn"})
"""Attributes that a product is found by, but that nobody filters by."""
HIDDEN: Final = ("rating", *POPULARITY)
"""Attributes whose names end so are no facets."""
MOST_POPULAR: Final = 10**12
UNSOLD: Final = "UNKNOWN"
"""The status of what was counted, priced or praised before it was told of."""
DELETED: Final = "DELETED"


class Listing(Struct, frozen=True, kw_only=True):
    """All that was heard of a product, in the order of the table's columns."""

    product_id: UUID
    sku: str
    name: str = ""
    description: str = ""
    brand: str = ""
    category: str = ""
    category_id: UUID | None = None
    category_path: tuple[str, ...] = ()
    status: str = UNSOLD
    is_parent: bool = False
    attributes: Mapping[str, str | bool | float] = {}
    image: str | None = None
    created_at: datetime
    price_minor: int | None = None
    currency: str | None = None
    sale_id: UUID | None = None
    sale_minor: int | None = None
    sold_out: bool = False
    available: int = 0
    rating: Decimal | None = None
    rating_count: int = 0

    def described(self, event: ProductCreated | ProductUpdated) -> "Listing":
        """As its newest event says."""
        return replace(
            self,
            sku=event.sku,
            name=event.name,
            description=event.description,
            brand=event.brand,
            category=event.category,
            category_id=event.category_id,
            category_path=event.category_path,
            status=event.status,
            is_parent=bool(event.option_names),
            attributes={**event.attributes, **event.options},
            image=event.image,
            created_at=event.created_at or self.created_at,
        )

    def standing(self, event: CategoryCreated | CategoryUpdated) -> "Listing":
        """In a category that has another name or place now."""
        return replace(self, category=event.name, category_path=event.path)

    def priced(self, event: ProductPriceChanged) -> "Listing":
        """At another price, from now on."""
        price = Money.parse(event.amount, event.currency)
        return replace(self, price_minor=price.minor, currency=price.currency)

    def on_sale(self, sale_id: UUID, price: Money | None) -> "Listing":
        """At the price of a flash sale, until that ends."""
        return replace(self, sale_id=sale_id, sale_minor=price.minor, sold_out=False) if price else self

    def after_sale(self, sale_id: UUID) -> "Listing":
        """At its own price again, unless another sale has begun meanwhile."""
        return replace(self, sale_id=None, sale_minor=None, sold_out=False) if self.sale_id == sale_id else self

    def with_sale(self, sale_id: UUID, *, sold_out: bool) -> "Listing":
        """With pieces of its flash sale left, or none: who buys without one pays the regular price."""
        return replace(self, sold_out=sold_out) if self.sale_id == sale_id else self

    def document(self) -> ProductDocument | None:
        """What search shows of it; None where it is not sold, or has no price yet."""
        if self.status != "ACTIVE" or self.is_parent or self.price_minor is None or self.currency is None:
            return None
        regular = Money(self.price_minor, self.currency)
        sold_for = self.price_minor if self.sale_minor is None or self.sold_out else self.sale_minor
        price = Money(sold_for, self.currency)
        return ProductDocument(
            id=self.product_id,
            sku=self.sku,
            name=self.name,
            price=price,
            regular_price=None if price == regular else regular,
            created_at=self.created_at,
            description="\n".join((self.description, *self._also())).strip(),
            makers=tuple(dict.fromkeys(self._makers())),
            category=self.category,
            categories=tuple(self._paths()),
            attributes=dict(self._facets()),
            available=shown(self.available),
            rating=self.rating if self.rating_count else None,
            rating_count=self.rating_count,
            popularity=self._popularity(),
            image=self.image,
        )

    def _makers(self) -> Iterator[str]:
        if self.brand:
            yield self.brand
        for name in MAKERS:
            if isinstance(value := self.attributes.get(name), str):
                yield from _each(value)

    def _paths(self) -> Iterator[str]:
        """Every category that it stands in, from the root down; its category's name where there is no tree."""
        for depth in range(1, len(self.category_path) + 1):
            yield "/".join(self.category_path[:depth])
        if not self.category_path and self.category:
            yield self.category

    def _facets(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        if self.brand and "brand" not in self.attributes:
            yield "brand", (self.brand,)
        for name, value in self.attributes.items():
            if name in FOUND_BY or name.endswith(HIDDEN):
                continue
            if values := _each(value) if name in MAKERS else (_text(value),):
                yield name, values

    def _also(self) -> Iterator[str]:
        yield from (_text(value) for name, value in self.attributes.items() if name in FOUND_BY)

    def _popularity(self) -> int:
        known = [self.rating_count]
        for name, value in self.attributes.items():
            if name.endswith(POPULARITY) and isinstance(value, int | float) and 0 <= value <= MOST_POPULAR:
                known.append(int(value))
        return max(known)


def shown(available: int) -> int:
    """So many of the pieces in stock are told."""
    return max(0, min(available, MOST_SHOWN))


def unheard_of(product_id: UUID, sku: str = "") -> Listing:
    """A product of which nothing is known yet but its id, whose first 48 bits say when it was made."""
    made = datetime.fromtimestamp((product_id.int >> 80) / 1000 % 253_402_300_000, UTC)
    return Listing(product_id=product_id, sku=sku, created_at=made)


def _each(value: object) -> tuple[str, ...]:
    return tuple(part for part in (one.strip() for one in _text(value).split(",")) if part)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.15g}" if isinstance(value, float) else str(value)
