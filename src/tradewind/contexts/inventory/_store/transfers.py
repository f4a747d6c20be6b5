"""The SQL of transfers."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx

ADD: Final = "INSERT INTO inventory.transfer (id, source, target) VALUES ($1, $2, $3)"
ADD_LINES: Final = """
    INSERT INTO inventory.transfer_line (transfer_id, sku, quantity) SELECT $1, * FROM unnest($2::text[], $3::int[])
"""
READ: Final = "SELECT id, source, target, status FROM inventory.transfer WHERE id = $1"
HOLD: Final = "SELECT id, source, target, status FROM inventory.transfer WHERE id = $1 FOR UPDATE"
LINES: Final = "SELECT sku, quantity, received FROM inventory.transfer_line WHERE transfer_id = $1 ORDER BY sku"
RECEIVE: Final = "UPDATE inventory.transfer SET status = 'RECEIVED', received_at = now() WHERE id = $1"
RECEIVE_LINES: Final = """
    UPDATE inventory.transfer_line AS l SET received = u.received
    FROM unnest($2::text[], $3::int[]) AS u (sku, received)
    WHERE l.transfer_id = $1 AND l.sku = u.sku
"""


class NoSuchTransfer(NotFound):
    """There is no such transfer."""


class Status(StrEnum):
    """Where the goods are: on their way, or there."""

    IN_TRANSIT = "IN_TRANSIT"
    RECEIVED = "RECEIVED"


class Moved(Struct, frozen=True, rename="camel"):
    """So many of one SKU were sent, so many of them came."""

    sku: str
    qty: int
    received: int


class Transfer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Goods that go from one warehouse to another."""

    id: UUID
    source: str
    target: str
    status: Status
    lines: tuple[Moved, ...]


async def add(tx: Tx, transfer_id: UUID, source: str, target: str, quantities: Mapping[str, int]) -> None:
    """Write a new one, on its way."""
    await tx.run(ADD, transfer_id, source, target)
    await tx.run(ADD_LINES, transfer_id, list(quantities), list(quantities.values()))


async def read(tx: Tx, transfer_id: UUID) -> Transfer:
    """The transfer as it stands; refuses NoSuchTransfer."""
    return _transfer(await tx.row(READ, transfer_id), await tx.all(LINES, transfer_id), transfer_id)


async def hold(tx: Tx, transfer_id: UUID) -> Transfer:
    """The transfer; nobody else receives it until the transaction ends. Refuses NoSuchTransfer."""
    return _transfer(await tx.row(HOLD, transfer_id), await tx.all(LINES, transfer_id), transfer_id)


async def receive(tx: Tx, transfer_id: UUID, came: Mapping[str, int]) -> None:
    """Write what came of a held one."""
    await tx.run(RECEIVE, transfer_id)
    await tx.run(RECEIVE_LINES, transfer_id, list(came), list(came.values()))


def _transfer(row: Any, lines: Sequence[Any], transfer_id: UUID) -> Transfer:
    if row is None:
        raise NoSuchTransfer(transferId=str(transfer_id))
    moved = tuple(Moved(*line) for line in lines)
    status = Status(row["status"])
    return Transfer(id=row["id"], source=row["source"], target=row["target"], status=status, lines=moved)
