"""The SQL of backorders. Who moves one holds its row first."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx

ADD: Final = """
    INSERT INTO inventory.backorder (id, sku, quantity, owner) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING
"""
READ: Final = """
    SELECT b.id, b.sku, b.quantity, b.status,
           (SELECT count(*) FROM inventory.backorder AS a
            WHERE a.sku = b.sku AND a.status = 'WAITING' AND a.place < b.place)::int AS ahead
    FROM inventory.backorder AS b WHERE b.id = $1
"""
HOLD: Final = "SELECT status FROM inventory.backorder WHERE id = $1 FOR UPDATE"
MARK: Final = "UPDATE inventory.backorder SET status = $2 WHERE id = ANY($1::uuid[])"
HEADS: Final = """
    SELECT DISTINCT ON (sku) id, sku, quantity FROM inventory.backorder WHERE status = 'WAITING' ORDER BY sku, place
    LIMIT $1
"""
HOLD_HEADS: Final = """
    SELECT id, sku, quantity FROM inventory.backorder WHERE id = ANY($1::uuid[]) AND status = 'WAITING'
    ORDER BY place FOR UPDATE
"""
CLAIM: Final = """
    INSERT INTO inventory.claim (id, owner) SELECT id, owner FROM inventory.backorder WHERE id = ANY($1::uuid[])
"""


class NoSuchBackorder(NotFound):
    """There is no such backorder."""


class Status(StrEnum):
    """Whether it waits, or its goods are held under its id, or nobody wants them any more."""

    WAITING = "WAITING"
    RESERVED = "RESERVED"
    CANCELED = "CANCELED"


class Backorder(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many of one SKU are waited for; `ahead` of it wait others."""

    id: UUID
    sku: str
    quantity: int
    status: Status
    ahead: int


class Head(Struct, frozen=True):
    """Who is first in the queue of a SKU."""

    id: UUID
    sku: str
    quantity: int


async def add(tx: Tx, backorder_id: UUID, sku: str, quantity: int) -> bool:
    """Write a new one at the end of the queue; False where its id is there already."""
    return await tx.run(ADD, backorder_id, sku, quantity, tx.call.actor.subject) == 1


async def read(tx: Tx, backorder_id: UUID) -> Backorder:
    """The backorder as it stands; refuses NoSuchBackorder."""
    row = await tx.row(READ, backorder_id)
    if row is None:
        raise NoSuchBackorder(backorderId=str(backorder_id))
    return Backorder(
        id=row["id"], sku=row["sku"], quantity=row["quantity"], status=Status(row["status"]), ahead=row["ahead"]
    )


async def hold(tx: Tx, backorder_id: UUID) -> Status:
    """Where it stands; nobody else moves it until the transaction ends. Refuses NoSuchBackorder."""
    status = await tx.value(HOLD, backorder_id)
    if status is None:
        raise NoSuchBackorder(backorderId=str(backorder_id))
    return Status(status)


async def mark(tx: Tx, backorder_ids: Sequence[UUID], status: Status) -> None:
    """Write where held ones stand now."""
    await tx.run(MARK, list(backorder_ids), status.value)


async def heads(tx: Tx, limit: int) -> list[Head]:
    """Who is first in each queue."""
    return _heads(await tx.all(HEADS, limit))


async def hold_heads(tx: Tx, backorder_ids: Sequence[UUID]) -> list[Head]:
    """Those of these that still wait, held, the longest waiting first."""
    return _heads(await tx.all(HOLD_HEADS, list(backorder_ids)))


async def claim(tx: Tx, backorder_ids: Sequence[UUID]) -> None:
    """Let what is held for these be confirmed and canceled as claims are."""
    await tx.run(CLAIM, list(backorder_ids))


def _heads(rows: Sequence[Any]) -> list[Head]:
    return [Head(row["id"], row["sku"], row["quantity"]) for row in rows]
