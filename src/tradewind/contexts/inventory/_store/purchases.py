"""The SQL of purchases."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx

ADD: Final = "INSERT INTO inventory.purchase (id, supplier, warehouse) VALUES ($1, $2, $3)"
ADD_LINES: Final = """
    INSERT INTO inventory.purchase_line (purchase_id, sku, quantity) SELECT $1, * FROM unnest($2::text[], $3::int[])
"""
READ: Final = "SELECT id, supplier, warehouse, status FROM inventory.purchase WHERE id = $1"
HOLD: Final = "SELECT id, supplier, warehouse, status FROM inventory.purchase WHERE id = $1 FOR UPDATE"
LINES: Final = "SELECT sku, quantity, received FROM inventory.purchase_line WHERE purchase_id = $1 ORDER BY sku"
NOTE: Final = "INSERT INTO inventory.purchase_receipt (purchase_id, note) VALUES ($1, $2) ON CONFLICT DO NOTHING"
RECEIVE: Final = """
    UPDATE inventory.purchase_line AS l SET received = l.received + u.came
    FROM unnest($2::text[], $3::int[]) AS u (sku, came) WHERE l.purchase_id = $1 AND l.sku = u.sku
"""
CLOSE: Final = "UPDATE inventory.purchase SET status = 'CLOSED' WHERE id = $1"


class NoSuchPurchase(NotFound):
    """There is no such purchase."""


class Status(StrEnum):
    """Whether something may still come."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Bought(Struct, frozen=True, rename="camel"):
    """So many of one SKU were ordered, so many have come."""

    sku: str
    qty: int
    received: int


class Purchase(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was ordered of a supplier."""

    id: UUID
    supplier: str
    warehouse: str
    status: Status
    lines: tuple[Bought, ...]


async def add(tx: Tx, purchase_id: UUID, supplier: str, warehouse: str, quantities: Mapping[str, int]) -> None:
    """Write a new one."""
    await tx.run(ADD, purchase_id, supplier, warehouse)
    await tx.run(ADD_LINES, purchase_id, list(quantities), list(quantities.values()))


async def read(tx: Tx, purchase_id: UUID) -> Purchase:
    """The purchase as it stands; refuses NoSuchPurchase."""
    return _purchase(await tx.row(READ, purchase_id), await tx.all(LINES, purchase_id), purchase_id)


async def hold(tx: Tx, purchase_id: UUID) -> Purchase:
    """The purchase; nobody else receives any of it until the transaction ends. Refuses NoSuchPurchase."""
    return _purchase(await tx.row(HOLD, purchase_id), await tx.all(LINES, purchase_id), purchase_id)


async def note(tx: Tx, purchase_id: UUID, number: str) -> bool:
    """Write the delivery note down; False where it is there already."""
    return await tx.run(NOTE, purchase_id, number) == 1


async def receive(tx: Tx, purchase_id: UUID, came: Mapping[str, int]) -> None:
    """Add what came to the lines of a held one."""
    await tx.run(RECEIVE, purchase_id, list(came), list(came.values()))


async def close(tx: Tx, purchase_id: UUID) -> None:
    """Nothing more is expected of a held one."""
    await tx.run(CLOSE, purchase_id)


def _purchase(row: Any, lines: Sequence[Any], purchase_id: UUID) -> Purchase:
    if row is None:
        raise NoSuchPurchase(purchaseId=str(purchase_id))
    bought = tuple(Bought(*line) for line in lines)
    status = Status(row["status"])
    return Purchase(id=row["id"], supplier=row["supplier"], warehouse=row["warehouse"], status=status, lines=bought)
