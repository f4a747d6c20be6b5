"""The SQL of what there is of many SKUs at once, as the rows of stock and of bundles say."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.ports.progress import NOWHERE, Reached
from tradewind.ports.stock_snapshots import Standing
from tradewind.runtime.database import Tx

OF: Final = """
    SELECT s.sku, coalesce(b.version, s.version) AS version, coalesce(b.told, s.on_hand) AS on_hand,
           CASE WHEN b.sku IS NULL THEN s.reserved ELSE 0 END AS reserved, s.product_id
    FROM (SELECT sku COLLATE "C" AS sku, product_id, max(version) AS version, sum(on_hand) AS on_hand,
                 sum(reserved) AS reserved
          FROM inventory.inventory_stock WHERE sku = ANY($1::text[]) GROUP BY 1, 2) AS s
    LEFT JOIN inventory.bundle AS b ON b.sku = s.sku
    WHERE s.version > 0 OR s.on_hand > 0 OR b.sku IS NOT NULL
    ORDER BY s.sku
"""
OF_PRODUCT: Final = """
    SELECT s.sku, coalesce(b.version, s.version) AS version, coalesce(b.told, s.on_hand) AS on_hand,
           CASE WHEN b.sku IS NULL THEN s.reserved ELSE 0 END AS reserved, s.product_id
    FROM (SELECT sku, product_id, max(version) AS version, sum(on_hand) AS on_hand, sum(reserved) AS reserved
          FROM inventory.inventory_stock WHERE product_id = $1 GROUP BY 1, 2 ORDER BY 1 LIMIT 1) AS s
    LEFT JOIN inventory.bundle AS b ON b.sku = s.sku
"""
AFTER: Final = """
    SELECT s.sku, coalesce(b.version, s.version) AS version, coalesce(b.told, s.on_hand) AS on_hand,
           CASE WHEN b.sku IS NULL THEN s.reserved ELSE 0 END AS reserved, s.product_id
    FROM (SELECT sku COLLATE "C" AS sku, product_id, max(version) AS version, sum(on_hand) AS on_hand,
                 sum(reserved) AS reserved
          FROM inventory.inventory_stock WHERE sku COLLATE "C" > $1 GROUP BY 1, 2) AS s
    LEFT JOIN inventory.bundle AS b ON b.sku = s.sku
    WHERE s.version > 0 OR s.on_hand > 0 OR b.sku IS NOT NULL
    ORDER BY s.sku LIMIT $2
"""
HEARD: Final = """
    SELECT stamp, position FROM runtime.outbox WHERE stamp < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY stamp DESC, position DESC LIMIT 1
"""


async def of(tx: Tx, skus: Sequence[str]) -> list[Standing]:
    """Those of these SKUs that have stock, or had; in the order of their characters."""
    return [_standing(row) for row in await tx.all(OF, list(skus))]


async def of_product(tx: Tx, product_id: UUID) -> Standing | None:
    """Where the product's SKU stands; None where it has no stock, and never had."""
    row = await tx.row(OF_PRODUCT, product_id)
    return None if row is None else _standing(row)


async def after(tx: Tx, sku: str, many: int) -> list[Standing]:
    """At most so many behind `sku`, in the same order."""
    return [_standing(row) for row in await tx.all(AFTER, sku, many)]


async def told_upto(tx: Tx) -> Reached:
    """A place in the log: whoever looks at the rows from now on sees all that was told up to there."""
    row = await tx.row(HEARD)
    return NOWHERE if row is None else Reached(*row)


def _standing(row: Any) -> Standing:
    return Standing(row["sku"], row["version"], row["on_hand"], row["reserved"], row["product_id"])
