"""The SQL of stocktakes."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx

ADD: Final = "INSERT INTO inventory.stocktake (id, warehouse) VALUES ($1, $2)"
ADD_LINES: Final = """
    INSERT INTO inventory.stocktake_line (stocktake_id, sku, expected) SELECT $1, * FROM unnest($2::text[], $3::int[])
"""
READ: Final = "SELECT id, warehouse, status FROM inventory.stocktake WHERE id = $1"
HOLD: Final = "SELECT id, warehouse, status FROM inventory.stocktake WHERE id = $1 FOR UPDATE"
LINES: Final = "SELECT sku, expected, counted FROM inventory.stocktake_line WHERE stocktake_id = $1 ORDER BY sku"
CLOSE: Final = "UPDATE inventory.stocktake SET status = 'CLOSED' WHERE id = $1"
COUNT: Final = """
    UPDATE inventory.stocktake_line AS l SET counted = u.counted FROM unnest($2::text[], $3::int[]) AS u (sku, counted)
    WHERE l.stocktake_id = $1 AND l.sku = u.sku
"""


class NoSuchStocktake(NotFound):
    """There is no such stocktake."""


class Status(StrEnum):
    """Whether somebody is still counting."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Counted(Struct, frozen=True, rename="camel"):
    """What the books said when it was opened, and what was found."""

    sku: str
    expected: int
    counted: int | None


class Stocktake(Struct, frozen=True, kw_only=True, rename="camel"):
    """A count of some SKUs in one warehouse."""

    id: UUID
    warehouse: str
    status: Status
    lines: tuple[Counted, ...]


async def add(tx: Tx, stocktake_id: UUID, warehouse: str, expected: Mapping[str, int]) -> None:
    """Write a new one, with what the books say."""
    await tx.run(ADD, stocktake_id, warehouse)
    await tx.run(ADD_LINES, stocktake_id, list(expected), list(expected.values()))


async def read(tx: Tx, stocktake_id: UUID) -> Stocktake:
    """The stocktake as it stands; refuses NoSuchStocktake."""
    return _stocktake(await tx.row(READ, stocktake_id), await tx.all(LINES, stocktake_id), stocktake_id)


async def hold(tx: Tx, stocktake_id: UUID) -> Stocktake:
    """The stocktake; nobody else closes it until the transaction ends. Refuses NoSuchStocktake."""
    return _stocktake(await tx.row(HOLD, stocktake_id), await tx.all(LINES, stocktake_id), stocktake_id)


async def close(tx: Tx, stocktake_id: UUID, counted: Mapping[str, int]) -> None:
    """Write what was found."""
    await tx.run(CLOSE, stocktake_id)
    await tx.run(COUNT, stocktake_id, list(counted), list(counted.values()))


def _stocktake(row: Any, lines: Sequence[Any], stocktake_id: UUID) -> Stocktake:
    if row is None:
        raise NoSuchStocktake(stocktakeId=str(stocktake_id))
    found = tuple(Counted(*line) for line in lines)
    return Stocktake(id=row["id"], warehouse=row["warehouse"], status=Status(row["status"]), lines=found)
