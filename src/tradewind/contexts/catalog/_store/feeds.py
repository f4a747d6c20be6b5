"""The SQL of feeds: many products at once, a statement for all of them."""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.catalog._domain.image import small
from tradewind.contexts.catalog._domain.product import Product
from tradewind.contexts.catalog._store.products import Held, product, text
from tradewind.kernel.errors import Stale
from tradewind.runtime.database import Tx

HOLD_SKUS: Final = """
    SELECT p.id, p.sku, p.name, p.category, p.price_minor, p.currency, p.status, p.kind, p.description, p.brand,
        p.attributes, p.category_id, p.parent_id, p.option_names, p.options, p.version, p.created_at,
        c.path AS category_path, i.hash, i.width
    FROM catalog.products AS p
    LEFT JOIN catalog.categories AS c ON c.id = p.category_id
    LEFT JOIN LATERAL (
        SELECT hash, width FROM catalog.images WHERE product_id = p.id ORDER BY position, id LIMIT 1) AS i ON true
    WHERE p.sku = ANY($1::text[]) ORDER BY p.sku FOR NO KEY UPDATE OF p
"""
ADD_MANY: Final = """
    INSERT INTO catalog.products (id, sku, name, category, price_minor, currency, kind, description, brand, attributes,
        category_id, created_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::jsonb[], $11::uuid[], $12::timestamptz[])
    ON CONFLICT (sku) DO NOTHING
"""
WRITE_MANY: Final = """
    UPDATE catalog.products AS p SET name = u.name, category = u.category, description = u.description,
        brand = u.brand, attributes = u.attributes, category_id = u.category_id, version = u.version, updated_at = now()
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::uuid[], $8::int[])
        AS u (id, name, category, description, brand, attributes, category_id, version)
    WHERE p.id = u.id
"""


async def hold(tx: Tx, skus: Sequence[str]) -> dict[str, Held]:
    """The products that carry these SKUs; nobody else changes them until the transaction ends."""
    rows = await tx.all(HOLD_SKUS, skus)
    return {row["sku"]: Held(product(row), small(row["hash"], row["width"]) if row["hash"] else None) for row in rows}


async def add(tx: Tx, products: Sequence[Product]) -> None:
    """Write new products; refuses (Stale) where somebody has just made one with the same SKU."""
    ordered = sorted(products, key=lambda one: one.sku)
    rows = [
        (one.id, one.sku, one.name, one.category, one.price.minor, one.price.currency, one.kind.value, one.description,
         one.brand, text(one.attributes), one.category_id, one.created_at)
        for one in ordered
    ]  # fmt: skip
    if await tx.run(ADD_MANY, *map(list, zip(*rows, strict=True))) != len(rows):
        raise Stale


async def write(tx: Tx, products: Sequence[Product]) -> None:
    """Write what is said otherwise of products that are held."""
    rows = [
        (one.id, one.name, one.category, one.description, one.brand, text(one.attributes), one.category_id, one.version)
        for one in products
    ]
    await tx.run(WRITE_MANY, *map(list, zip(*rows, strict=True)))
