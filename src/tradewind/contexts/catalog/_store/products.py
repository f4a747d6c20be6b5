"""The SQL of catalog.products."""

from typing import Any, Final
from uuid import UUID

from tradewind.contexts.catalog._domain.product import Product
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

ADD: Final = """
    INSERT INTO catalog.products (id, sku, name, category, price_minor, currency)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sku) DO NOTHING
"""
GET: Final = "SELECT id, sku, name, category, price_minor, currency FROM catalog.products WHERE id = $1"
LIST: Final = """
    SELECT id, sku, name, category, price_minor, currency FROM catalog.products
    WHERE status = 'ACTIVE' AND ($1::uuid IS NULL OR id > $1) AND ($2::text IS NULL OR sku = $2)
      AND ($3::text IS NULL OR category = $3)
    ORDER BY id LIMIT $4
"""
IDENTIFY: Final = "SELECT id FROM catalog.products WHERE sku = $1"
SHOW_PRICE: Final = """
    UPDATE catalog.products SET price_minor = $2, currency = $3, version = version + 1, updated_at = now()
    WHERE id = $1 AND (price_minor, currency) IS DISTINCT FROM ($2::bigint, $3::text)
"""


async def add(tx: Tx, product: Product) -> bool:
    """Write a product; False where another one carries its SKU. Waits for whoever is writing the same SKU."""
    money = product.price
    added = await tx.run(ADD, product.id, product.sku, product.name, product.category, money.minor, money.currency)
    return added == 1


async def get(tx: Tx, product_id: UUID) -> Product | None:
    """The product with this id."""
    row = await tx.row(GET, product_id)
    return None if row is None else _product(row)


async def after(tx: Tx, cursor: UUID | None, sku: str | None, category: str | None, limit: int) -> list[Product]:
    """At most `limit` products that follow `cursor`, in the order of their making."""
    return [_product(row) for row in await tx.all(LIST, cursor, sku, category, limit)]


async def identify(tx: Tx, sku: str) -> UUID | None:
    """The product that carries `sku`."""
    found: UUID | None = await tx.value(IDENTIFY, sku)
    return found


def show_price(tx: Tx, product_id: UUID, price: Money) -> None:
    """Show another price from the commit on."""
    tx.later(SHOW_PRICE, product_id, price.minor, price.currency)


def _product(row: Any) -> Product:
    price = Money(row["price_minor"], row["currency"])
    return Product(id=row["id"], sku=row["sku"], name=row["name"], category=row["category"], price=price)
