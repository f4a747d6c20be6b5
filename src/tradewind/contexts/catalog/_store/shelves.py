"""The SQL of what readers are shown: products with their stock, rating and pictures."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from tradewind.contexts.catalog._domain.image import Image
from tradewind.contexts.catalog._domain.views import OnSale, RatingView, Shown
from tradewind.contexts.catalog._store.products import product
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

LIST: Final = """
    WITH RECURSIVE below AS (
        SELECT id FROM catalog.categories WHERE id = $4
        UNION ALL SELECT c.id FROM catalog.categories AS c JOIN below AS b ON c.parent_id = b.id),
    page AS MATERIALIZED (
        SELECT id, sku, name, category, price_minor, currency, status, kind, description, brand, attributes,
            category_id, parent_id, option_names, options, version, created_at
        FROM catalog.products
        WHERE status = ANY($1::text[]) AND ($2::uuid IS NULL OR id > $2) AND ($3::text IS NULL OR sku = $3)
          AND ($4::uuid IS NULL OR category_id IN (SELECT id FROM below))
          AND ($5::text IS NULL OR category = $5)
          AND ($6::uuid[] IS NULL OR id = ANY($6))
          AND ($7::uuid IS NULL OR parent_id = $7)
          AND ($3::text IS NOT NULL OR $6::uuid[] IS NOT NULL OR $7::uuid IS NOT NULL OR parent_id IS NULL)
        ORDER BY id LIMIT $8)
    SELECT p.*, c.path AS category_path, r.average, r.count, coalesce(i.all_images, '{}') AS images,
        l.sale_id, l.sale_minor, l.sold_out,
        CASE WHEN cardinality(p.option_names) = 0 THEN a.available
             ELSE (SELECT sum(va.available) FROM catalog.products AS v JOIN catalog.availability AS va ON va.sku = v.sku
                   WHERE v.parent_id = p.id AND v.status = 'ACTIVE') END AS available
    FROM page AS p
    LEFT JOIN catalog.categories AS c ON c.id = p.category_id
    LEFT JOIN catalog.availability AS a ON a.sku = p.sku
    LEFT JOIN catalog.rating AS r ON r.product_id = p.id
    LEFT JOIN catalog.listing AS l ON l.product_id = p.id
    LEFT JOIN LATERAL (
        SELECT array_agg(ROW(id, hash, alt, position, width, height) ORDER BY position, id) AS all_images
        FROM catalog.images WHERE product_id = p.id) AS i ON true
    ORDER BY p.id
"""


class Wanted(NamedTuple):
    """What a page is to hold; None and empty fields choose nothing."""

    statuses: Sequence[str]
    after: UUID | None = None
    sku: str | None = None
    category_id: UUID | None = None
    label: str | None = None
    ids: Sequence[UUID] | None = None
    parent_id: UUID | None = None
    limit: int = 1


async def page(tx: Tx, wanted: Wanted) -> list[Shown]:
    """At most `limit` products that follow `after`, in the order of their making; variants only where asked for."""
    return [_shown(row) for row in await tx.all(LIST, *wanted)]


def _shown(row: Any) -> Shown:
    rating = RatingView() if row["average"] is None else RatingView(average=row["average"], count=row["count"])
    pictures = tuple(
        Image(id=one[0], hash=one[1], alt=one[2], position=one[3], width=one[4], height=one[5]) for one in row["images"]
    )
    one = product(row)
    sale = None if row["sale_id"] is None else OnSale(
        row["sale_id"], Money(row["sale_minor"], one.price.currency), sold_out=row["sold_out"]
    )  # fmt: skip
    return Shown(one, max(row["available"] or 0, 0), rating, pictures, sale)
