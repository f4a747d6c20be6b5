"""The SQL of backorders. Who moves one holds its row first."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
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
HOLD: Final = """
    SELECT sku, quantity, status FROM inventory.backorder WHERE id = $1 AND order_id IS NULL FOR UPDATE
"""
ADD_LINES: Final = """
    INSERT INTO inventory.backorder (id, order_id, sku, quantity, until, owner)
    SELECT u.*, 'order' FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::timestamptz[]) AS u
"""
HOLD_ORDERS: Final = """
    SELECT id, order_id, sku, quantity, status, extract(epoch FROM until - now())::float8 AS left_s
    FROM inventory.backorder WHERE order_id = ANY($1::uuid[]) ORDER BY place FOR UPDATE
"""
OF_ORDER: Final = """
    SELECT b.sku, b.quantity, b.until, b.status <> 'WAITING' AS ready,
           (SELECT max(s.releases_at) FROM inventory.inventory_stock AS s
            WHERE s.sku = b.sku AND s.releases_at > now()) AS released,
           (SELECT count(*) FROM inventory.backorder AS a
            WHERE a.sku = b.sku AND a.status = 'WAITING' AND a.place < b.place AND b.status = 'WAITING')::int AS ahead
    FROM inventory.backorder AS b WHERE b.order_id = $1 AND b.status IN ('WAITING', 'RESERVED') ORDER BY b.sku
"""
PROLONG: Final = """
    UPDATE inventory.reservation AS r SET expires_at = b.until + make_interval(secs => $2)
    FROM inventory.backorder AS b WHERE b.id = ANY($1::uuid[]) AND r.order_id = b.id
"""
NOW: Final = "SELECT now()"
MARK: Final = "UPDATE inventory.backorder SET status = $2 WHERE id = ANY($1::uuid[])"
HEADS: Final = """
    SELECT DISTINCT ON (b.sku) b.id, b.sku, b.quantity, b.order_id FROM inventory.backorder AS b
    WHERE b.status = 'WAITING' AND NOT EXISTS (
        SELECT FROM inventory.inventory_stock AS s WHERE s.sku = b.sku AND s.releases_at > now())
    ORDER BY b.sku, b.place LIMIT $1
"""
HOLD_HEADS: Final = """
    SELECT id, sku, quantity, order_id, status FROM inventory.backorder
    WHERE id = ANY($1::uuid[]) OR order_id = ANY($2::uuid[]) ORDER BY place FOR UPDATE
"""
CLAIM: Final = """
    INSERT INTO inventory.claim (id, owner) SELECT id, owner FROM inventory.backorder WHERE id = ANY($1::uuid[])
"""


class NoSuchBackorder(NotFound):
    """There is no such backorder."""


class Status(StrEnum):
    """Whether it waits, or its goods are held under its id (or by its order now), or nobody wants them any more."""

    WAITING = "WAITING"
    RESERVED = "RESERVED"
    TAKEN = "TAKEN"
    CANCELED = "CANCELED"


class Backorder(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many of one SKU are waited for; `ahead` of it wait others."""

    id: UUID
    sku: str
    quantity: int
    status: Status
    ahead: int


class Head(Struct, frozen=True):
    """Who is first in the queue of a SKU; `order_id` where that is the line of an order."""

    id: UUID
    sku: str
    quantity: int
    order_id: UUID | None = None


class NewLine(NamedTuple):
    """A line of an order, about to stand in a queue."""

    id: UUID
    order_id: UUID
    sku: str
    quantity: int
    until: datetime


class Place(Struct, frozen=True):
    """A line of an order in a queue; `left_s` seconds from now it has waited too long."""

    id: UUID
    order_id: UUID
    sku: str
    quantity: int
    status: Status
    left_s: float


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


async def hold(tx: Tx, backorder_id: UUID) -> tuple[Head, Status]:
    """Where it stands; nobody else moves it until the transaction ends.

    Refuses NoSuchBackorder, also where it is an order's: that is given up with its order.
    """
    row = await tx.row(HOLD, backorder_id)
    if row is None:
        raise NoSuchBackorder(backorderId=str(backorder_id))
    return Head(backorder_id, row["sku"], row["quantity"]), Status(row["status"])


async def add_lines(tx: Tx, lines: Sequence[NewLine]) -> None:
    """Write lines of orders at the end of their queues, in this order."""
    await tx.run(ADD_LINES, *map(list, zip(*lines, strict=True)))


async def hold_orders(tx: Tx, order_ids: Sequence[UUID]) -> list[Place]:
    """All that these orders have waited for, held."""
    rows = await tx.all(HOLD_ORDERS, list(order_ids))
    return [
        Place(row["id"], row["order_id"], row["sku"], row["quantity"], Status(row["status"]), row["left_s"])
        for row in rows
    ]


async def of_order(tx: Tx, order_id: UUID) -> Sequence[Any]:
    """What an order waits for, as it stands: how much, until when, whether it is ready, how many are ahead of it."""
    return await tx.all(OF_ORDER, order_id)


async def prolong(tx: Tx, backorder_ids: Sequence[UUID], by_s: int) -> None:
    """What is held for these lines of orders is held until they have waited too long, and `by_s` seconds more."""
    await tx.run(PROLONG, list(backorder_ids), float(by_s))


async def now(tx: Tx) -> datetime:
    """The moment, by the database's clock."""
    moment: datetime = await tx.value(NOW)
    return moment


async def mark(tx: Tx, backorder_ids: Sequence[UUID], status: Status) -> None:
    """Write where held ones stand now."""
    await tx.run(MARK, list(backorder_ids), status.value)


async def heads(tx: Tx, limit: int) -> list[Head]:
    """Who is first in each queue."""
    return _heads(await tx.all(HEADS, limit))


async def hold_heads(tx: Tx, ready: Sequence[Head]) -> tuple[list[Head], Counter[UUID]]:
    """Those of these that still wait, held, the longest waiting first; and for how many lines each order waits.

    All places of an order are held together, so that somebody sees that its last line has its goods.
    """
    ids = [head.id for head in ready]
    rows = await tx.all(HOLD_HEADS, ids, [head.order_id for head in ready if head.order_id])
    waiting = [row for row in rows if row["status"] == Status.WAITING]
    lines = Counter[UUID](row["order_id"] for row in waiting if row["order_id"])
    return _heads([row for row in waiting if row["id"] in ids]), lines


async def claim(tx: Tx, backorder_ids: Sequence[UUID]) -> None:
    """Let what is held for these be confirmed and canceled as claims are."""
    await tx.run(CLAIM, list(backorder_ids))


def _heads(rows: Sequence[Any]) -> list[Head]:
    return [Head(row["id"], row["sku"], row["quantity"], row["order_id"]) for row in rows]
