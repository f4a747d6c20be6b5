"""What the catalog answers."""

from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.catalog._domain.product import Product

PAGE: Final = 50
MAX_PAGE: Final = 200
"""Products on one page: unless told, and at most."""


class PriceView(Struct, frozen=True, kw_only=True, rename="camel"):
    """An exact decimal amount of a currency."""

    amount: Decimal
    currency: str


class ProductView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A product as buyers see it."""

    id: UUID
    sku: str
    name: str
    category: str
    price: PriceView


class ProductPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some products in the order of their making. `next` is the cursor of the following page, if there is one."""

    items: tuple[ProductView, ...]
    next: UUID | None


def view(product: Product) -> ProductView:
    """The product as buyers see it."""
    price = PriceView(amount=product.price.amount, currency=product.price.currency)
    return ProductView(id=product.id, sku=product.sku, name=product.name, category=product.category, price=price)
