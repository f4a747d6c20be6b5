"""Find products in the search index (S3-11, S4-5). No database is asked: the index holds all that is shown."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from time import perf_counter
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money
from tradewind.ports.search import MAX_PAGE, FacetValue, Found, ProductDocument, ProductIndex, Question, Sort
from tradewind.runtime.handlers import Asking, outside
from tradewind.runtime.telemetry import metrics

PAGE: Final = 20
MAX_ATTRIBUTES: Final = 16
"""Values of attributes that one search may ask for."""
MAX_PRICE: Final = 10**12


class UnfitSearch(Invalid):
    """The search asks for something that there is none of. `errors` names what."""


class SearchProducts(Command, frozen=True):
    """Products that `text` speaks of, all where it is empty; at most `limit`, from `cursor` on.

    `attributes`: "name:value"; several of one name are alternatives. Prices are units of the shop's currency.
    """

    text: str = ""
    sort: Sort = Sort.RELEVANCE
    limit: int = PAGE
    category: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    attributes: tuple[str, ...] = ()
    cursor: str | None = None


class ListedPrice(Struct, frozen=True, kw_only=True):
    """An exact decimal amount of a currency."""

    amount: Decimal
    currency: str


class ListedProduct(Struct, frozen=True, kw_only=True, rename="camel"):
    """A product that was found. `price` is the one that counts now; `regularPrice` is said where it is another.

    `available`: pieces in stock, 20 where there are more. `rating`: 1 to 5 stars, none where nobody gave any.
    """

    id: UUID
    sku: str
    name: str
    price: ListedPrice
    regular_price: ListedPrice | None
    rating: Decimal | None
    rating_count: int
    available: int
    category: str
    image: str | None


class FacetOption(Struct, frozen=True, kw_only=True, rename={"least": "from", "below": "to"}, omit_defaults=True):
    """So many products have this value. A range of prices says where it begins, and where it ends (not included)."""

    value: str
    count: int
    selected: bool = False
    least: Decimal | None = None
    below: Decimal | None = None


class FoundProducts(Struct, frozen=True, kw_only=True):
    """One page of `total` products, what there is to filter by, and the cursor of the next page."""

    items: Sequence[ListedProduct]
    total: int
    facets: Mapping[str, Sequence[FacetOption]]
    next: str | None


@outside(action="catalog.search_products")
async def search_products(command: SearchProducts, ask: Asking) -> FoundProducts:
    """One page; refuses (UnfitSearch, UnfitCursor), or SearchAway while the index is being built."""
    began = perf_counter()
    found = await ask.peer(ProductIndex).search(_question(command))
    metrics.catalog_search_latency_ms.observe((perf_counter() - began) * 1000)
    return _page(found)


def _question(command: SearchProducts) -> Question:
    errors = [
        {"pointer": pointer, "detail": detail}
        for pointer, broken, detail in (
            ("/limit", not 1 <= command.limit <= MAX_PAGE, f"A page has 1 to {MAX_PAGE} products."),
            ("/minPrice", _is_no_price(command.min_price), "Expected a price of 0 or above."),
            ("/maxPrice", _is_no_price(command.max_price), "Expected a price of 0 or above."),
            ("/attribute", len(command.attributes) > MAX_ATTRIBUTES, f"At most {MAX_ATTRIBUTES} may be asked for."),
            ("/attribute", not all(map(_is_attribute, command.attributes)), "Expected name:value."),
        )
        if broken
    ]
    if errors:
        raise UnfitSearch(errors=errors)
    return Question(
        text=command.text,
        sort=command.sort,
        category=command.category,
        min_price=command.min_price,
        max_price=command.max_price,
        in_stock=command.in_stock,
        attributes=_by_name(command.attributes),
        limit=command.limit,
        after=command.cursor,
    )


def _is_no_price(price: Decimal | None) -> bool:
    return price is not None and not (price.is_finite() and 0 <= price <= MAX_PRICE)


def _is_attribute(text: str) -> bool:
    name, colon, value = text.partition(":")
    return bool(name and colon and value)


def _by_name(attributes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for text in sorted(set(attributes)):
        name, _, value = text.partition(":")
        found[name] = (*found.get(name, ()), value)
    return found


def _page(found: Found) -> FoundProducts:
    facets = {name: [_option(one) for one in values] for name, values in found.facets.items()}
    return FoundProducts(
        items=[listed(product) for product in found.items], total=found.total, facets=facets, next=found.next
    )


def _option(one: FacetValue) -> FacetOption:
    return FacetOption(value=one.value, count=one.count, selected=one.selected, least=one.least, below=one.below)


def listed(product: ProductDocument) -> ListedProduct:
    """A product as a list shows it."""
    return ListedProduct(
        id=product.id,
        sku=product.sku,
        name=product.name,
        price=_price(product.price),
        regular_price=_price(product.regular_price) if product.regular_price else None,
        rating=product.rating,
        rating_count=product.rating_count,
        available=product.available,
        category=product.category,
        image=product.image,
    )


def _price(price: Money) -> ListedPrice:
    return ListedPrice(amount=price.amount, currency=price.currency)
