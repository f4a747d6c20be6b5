"""Give a product, or a category with all below it, a tax class. A product's own counts before its category's."""

from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.taxes import InvalidTax, is_tax_class
from tradewind.contexts.pricing._store import taxes
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import NoSuchPrice
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ClassifyProduct(Command, frozen=True):
    """The product is taxed as `tax_class`."""

    product_id: UUID
    tax_class: str


class ClassifyCategory(Command, frozen=True):
    """Products of the category, named by its name or its path, are taxed as `tax_class`."""

    category: str
    tax_class: str


class TaxClass(Struct, frozen=True, kw_only=True, rename="camel"):
    """How something is taxed."""

    tax_class: str


@handler(action="pricing.classify_products")
async def classify_product(command: ClassifyProduct, tx: Tx) -> TaxClass:
    """Refuses InvalidTax, and NoSuchPrice for what was never sold here."""
    _check(command.tax_class)
    if not await tx.run(taxes.CLASSIFY_PRODUCT, command.product_id, command.tax_class):
        raise NoSuchPrice(product_id=str(command.product_id))
    tx.audit("pricing.classify_product", str(command.product_id), tax_class=command.tax_class)
    return TaxClass(tax_class=command.tax_class)


@handler(action="pricing.classify_products")
async def classify_category(command: ClassifyCategory, tx: Tx) -> TaxClass:
    """Refuses InvalidTax. The category need not be known yet."""
    _check(command.tax_class)
    await tx.run(taxes.CLASSIFY_CATEGORY, command.category, command.tax_class)
    tx.audit("pricing.classify_category", command.category, tax_class=command.tax_class)
    return TaxClass(tax_class=command.tax_class)


def _check(tax_class: str) -> None:
    if not is_tax_class(tax_class):
        raise InvalidTax(errors=[{"pointer": "/taxClass", "detail": "Expected a short name in small letters."}])
