"""The SQL of stock and its adjustments."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import Stock
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx

GET: Final = "SELECT sku, product_id, on_hand, reserved, low_threshold FROM inventory.inventory_stock WHERE sku = $1"
HOLD: Final = """
    SELECT sku, product_id, on_hand, reserved, low_threshold FROM inventory.inventory_stock
    WHERE sku = $1 FOR NO KEY UPDATE
"""
OPEN: Final = """
    INSERT INTO inventory.inventory_stock (sku, product_id) SELECT * FROM unnest($1::text[], $2::uuid[])
    ON CONFLICT (sku) DO NOTHING
"""
MOVE: Final = """
    UPDATE inventory.inventory_stock AS s SET on_hand = s.on_hand + u.on_hand, reserved = s.reserved + u.reserved
    FROM unnest($1::inventory.movement[]) AS u WHERE s.sku = u.sku
"""
OVERWRITE: Final = """
    UPDATE inventory.inventory_stock AS s SET reserved = u.reserved
    FROM unnest($1::text[], $2::int[]) AS u (sku, reserved) WHERE s.sku = u.sku
"""
NOTE: Final = """
    INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor, reference)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
AVAILABLE: Final = """
    SELECT sku, on_hand - reserved FROM inventory.inventory_stock WHERE sku = ANY($1::text[])
"""
KNOWN: Final = "SELECT EXISTS (SELECT FROM inventory.inventory_adjustment WHERE reference = $1)"


async def get(tx: Tx, sku: str) -> Stock | None:
    """The stock of `sku` as it stands."""
    row = await tx.row(GET, sku)
    return None if row is None else from_row(row)


async def available(tx: Tx, skus: Sequence[str]) -> dict[str, int]:
    """What can still be promised of each SKU, as it stands."""
    return {row[0]: row[1] for row in await tx.all(AVAILABLE, skus)}


async def hold(tx: Tx, sku: str) -> Stock | None:
    """The stock of `sku`; nobody else changes it until the transaction ends."""
    row = await tx.row(HOLD, sku)
    return None if row is None else from_row(row)


async def open_for(tx: Tx, sku: str, product_id: UUID) -> None:
    """Let `sku` have a stock, empty unless there is one already."""
    await open_all(tx, {sku: product_id})


async def open_all(tx: Tx, product_ids: Mapping[str, UUID]) -> None:
    """Let each SKU have a stock, empty unless there is one already; in SKU order, so that two who open do not meet."""
    skus = sorted(product_ids)
    await tx.run(OPEN, skus, [product_ids[sku] for sku in skus])


def move(tx: Tx, movements: Sequence[Movement]) -> None:
    """Add to both numbers of each SKU with the commit's statement. The rows must be held, a SKU be named once.

    The table's CHECKs are the guard: what would promise more than there is fails the transaction. A WHERE would only
    leave the row out, and nobody sees how many rows a put-off statement touched.
    """
    tx.later(MOVE, [(one.sku, one.on_hand, one.reserved) for one in movements])


def overwrite(tx: Tx, reserved: Mapping[str, int]) -> None:
    """Write absolute numbers: what the planted bug does."""
    tx.later(OVERWRITE, list(reserved), list(reserved.values()))


def note(tx: Tx, sku: str, delta: int, reason: str, reference: str | None) -> None:
    """Put an adjustment into the ledger."""
    tx.later(NOTE, new_id(), sku, delta, reason, tx.call.actor.subject, reference)


async def is_known(tx: Tx, reference: str) -> bool:
    """Whether an adjustment with this reference is in the ledger."""
    return bool(await tx.value(KNOWN, reference))


def from_row(row: Any) -> Stock:
    """A row as the domain knows it."""
    return Stock(
        sku=row["sku"],
        product_id=row["product_id"],
        on_hand=row["on_hand"],
        reserved=row["reserved"],
        low_threshold=row["low_threshold"],
    )
