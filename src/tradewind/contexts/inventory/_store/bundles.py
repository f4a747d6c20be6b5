"""The SQL of bundles."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from tradewind.contexts.inventory._domain.bundle import Bundles, Parts
from tradewind.runtime.database import Tx

PARTS: Final = """
    SELECT bundle, part, pieces FROM inventory.bundle_part WHERE bundle = ANY($1::text[]) ORDER BY bundle, part
"""
IN_THE_WAY: Final = """
    SELECT sku FROM inventory.bundle WHERE sku = ANY($2::text[])
    UNION SELECT bundle FROM inventory.bundle_part WHERE part = $1 ORDER BY sku
"""
PUT: Final = """
    INSERT INTO inventory.bundle AS b (sku, product_id, told, version) VALUES ($1, $2, $3, 1099511627777)
    ON CONFLICT (sku) DO UPDATE SET told = excluded.told, version = b.version + 1
    RETURNING version
"""
TAKE_APART: Final = "DELETE FROM inventory.bundle_part WHERE bundle = $1"
PUT_TOGETHER: Final = """
    INSERT INTO inventory.bundle_part (bundle, part, pieces) SELECT $1, * FROM unnest($2::text[], $3::int[])
"""
MADE_OF: Final = """
    SELECT sku, product_id, told, version FROM inventory.bundle
    WHERE sku = ANY(ARRAY(SELECT bundle FROM inventory.bundle_part WHERE part = ANY($1::text[])))
    ORDER BY sku FOR NO KEY UPDATE
"""
TOLD: Final = """
    UPDATE inventory.bundle AS b SET told = u.told, version = b.version + 1
    FROM unnest($1::text[], $2::int[]) AS u (sku, told)
    WHERE b.sku = u.sku
"""


class Told(NamedTuple):
    """A bundle, and how many of it could be put together when that was last told; the number of that telling."""

    sku: str
    product_id: UUID
    told: int
    version: int


async def parts_of(tx: Tx, skus: Sequence[str]) -> Bundles:
    """What those of these SKUs that are bundles are made of."""
    found: dict[str, dict[str, int]] = {}
    for row in await tx.all(PARTS, skus):
        found.setdefault(row["bundle"], {})[row["part"]] = row["pieces"]
    return found


async def in_the_way(tx: Tx, sku: str, parts: Parts) -> list[str]:
    """Parts that are bundles, and bundles that `sku` is part of."""
    return [row["sku"] for row in await tx.all(IN_THE_WAY, sku, list(parts))]


async def put(tx: Tx, sku: str, product_id: UUID, parts: Parts, told: int) -> int:
    """Let `sku` be made of these from now on; the number of this telling."""
    version = int(await tx.value(PUT, sku, product_id, told))
    await tx.run(TAKE_APART, sku)
    await tx.run(PUT_TOGETHER, sku, list(parts), list(parts.values()))
    return version


async def made_of(tx: Tx, skus: Sequence[str]) -> list[Told]:
    """The bundles that any of these is part of, held."""
    return [Told(*row) for row in await tx.all(MADE_OF, skus)]


def tell(tx: Tx, numbers: Sequence[tuple[str, int]]) -> None:
    """Note what is told of each of these, which are held: the next version of each."""
    tx.later(TOLD, [sku for sku, _ in numbers], [number for _, number in numbers])
