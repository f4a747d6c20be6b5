"""The SQL of catalog.products, one row at a time; what readers are shown is in shelves.py, feeds are in feeds.py."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.catalog._domain.image import small
from tradewind.contexts.catalog._domain.product import Kind, Product, Status
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

ADD: Final = """
    INSERT INTO catalog.products (id, sku, name, category, price_minor, currency, status, kind, description, brand,
        attributes, category_id, parent_id, option_names, options, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (sku) DO NOTHING
"""
HOLD_ONE: Final = "SELECT FROM catalog.products WHERE id = $1 FOR NO KEY UPDATE"
HOLD: Final = """
    SELECT p.id, p.sku, p.name, p.category, p.price_minor, p.currency, p.status, p.kind, p.description, p.brand,
        p.attributes, p.category_id, p.parent_id, p.option_names, p.options, p.version, p.created_at,
        (SELECT c.path FROM catalog.categories AS c WHERE c.id = p.category_id) AS category_path,
        (SELECT ROW(i.hash, i.width) FROM catalog.images AS i WHERE i.product_id = p.id
         ORDER BY i.position, i.id LIMIT 1) AS first_image
    FROM catalog.products AS p WHERE p.id = $1 OR ($2 AND p.parent_id = $1) ORDER BY p.id FOR NO KEY UPDATE OF p
"""
WRITE: Final = """
    UPDATE catalog.products SET name = $2, category = $3, status = $4, description = $5, brand = $6, attributes = $7,
        category_id = $8, version = $9, updated_at = now()
    WHERE id = $1
"""
NAMED: Final = """
    SELECT sku FROM catalog.products WHERE to_tsvector('simple', name) @@ to_tsquery('simple', $1) ORDER BY sku LIMIT $2
"""
IDENTIFY: Final = "SELECT id FROM catalog.products WHERE sku = $1"
SHOW_PRICES: Final = """
    UPDATE catalog.products AS p SET price_minor = u.minor, currency = u.currency, updated_at = now()
    FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS u (id, minor, currency)
    WHERE p.id = u.id AND (p.price_minor, p.currency) IS DISTINCT FROM (u.minor, u.currency)
"""


async def add(tx: Tx, product: Product) -> bool:
    """Write a product; False where another one carries its SKU. Waits for whoever is writing the same SKU."""
    one, money = product, product.price
    added = await tx.run(
        ADD, one.id, one.sku, one.name, one.category, money.minor, money.currency, one.status.value, one.kind.value,
        one.description, one.brand, text(one.attributes), one.category_id, one.parent_id, list(one.option_names),
        text(one.options), one.created_at,
    )  # fmt: skip
    return added == 1


class Held(msgspec.Struct, frozen=True):
    """A product that nobody else changes until the transaction ends, and the address of its small picture."""

    product: Product
    image: str | None


async def hold(tx: Tx, product_id: UUID, *, variants: bool = False) -> list[Held]:
    """The product, held, and after it its variants where they are asked for; nothing where there is none.

    The product is held first: whoever waited for it in one statement would not see the variants that came meanwhile.
    """
    if variants:
        await tx.run(HOLD_ONE, product_id)
    rows = await tx.all(HOLD, product_id, variants)
    held = [Held(product(row), _image(row["first_image"])) for row in rows]
    return sorted(held, key=lambda one: one.product.id != product_id)


def write(tx: Tx, one: Product) -> None:
    """Write what has changed with the commit's statement."""
    tx.later(
        WRITE, one.id, one.name, one.category, one.status.value, one.description, one.brand, text(one.attributes),
        one.category_id, one.version,
    )  # fmt: skip


def next_version(one: Product) -> Product:
    """The same product, a version later."""
    return msgspec.structs.replace(one, version=one.version + 1)


async def identify(tx: Tx, sku: str) -> UUID | None:
    """The product that carries `sku`."""
    found: UUID | None = await tx.value(IDENTIFY, sku)
    return found


async def named(tx: Tx, words: Sequence[str], many: int) -> Sequence[str]:
    """SKUs of names with a word that begins like each of these, which are letters and digits alone."""
    wanted = " & ".join(f"'{word}':*" for word in words)
    return [row["sku"] for row in await tx.all(NAMED, wanted, many)]


async def show_prices(tx: Tx, prices: Sequence[tuple[UUID, Money]]) -> None:
    """Show other prices; each product named once, in the order of their ids, so that two who write do not meet."""
    ordered = sorted(prices, key=lambda one: one[0])
    minors = [price.minor for _, price in ordered]
    await tx.run(SHOW_PRICES, [one for one, _ in ordered], minors, [price.currency for _, price in ordered])


def product(row: Any) -> Product:
    """A row as the domain knows it."""
    return Product(
        id=row["id"],
        sku=row["sku"],
        name=row["name"],
        category=row["category"],
        price=Money(row["price_minor"], row["currency"]),
        status=Status(row["status"]),
        kind=Kind(row["kind"]),
        description=row["description"],
        brand=row["brand"],
        attributes=msgspec.json.decode(row["attributes"]),
        category_id=row["category_id"],
        category_path=tuple(row["category_path"] or ()),
        parent_id=row["parent_id"],
        option_names=tuple(row["option_names"]),
        options=msgspec.json.decode(row["options"]),
        version=row["version"],
        created_at=row["created_at"],
    )


def text(value: Any) -> str:
    """A value as a jsonb column takes it."""
    return msgspec.json.encode(value).decode()


def _image(first: Any) -> str | None:
    return small(*first) if first else None
