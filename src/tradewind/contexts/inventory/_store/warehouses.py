"""The SQL of warehouses."""

from typing import Any, Final

from tradewind.contexts.inventory._domain.warehouse import Warehouse
from tradewind.contracts.inventory import MAIN, NoSuchWarehouse, WarehouseClosed
from tradewind.runtime.database import Tx

ALL: Final = """
    SELECT code, name, country, postal_code, address, priority, active FROM inventory.warehouse ORDER BY priority, code
"""
ADD: Final = """
    INSERT INTO inventory.warehouse (code, name, country, postal_code, address, priority, active)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (code) DO NOTHING
"""
CHANGE: Final = """
    UPDATE inventory.warehouse SET name = $2, country = $3, postal_code = $4, address = $5, priority = $6, active = $7
    WHERE code = $1
"""
ACTIVE: Final = "SELECT active FROM inventory.warehouse WHERE code = $1 FOR SHARE"
PIECES: Final = "SELECT coalesce(sum(on_hand), 0)::bigint FROM inventory.inventory_stock WHERE warehouse = $1"


async def every(tx: Tx) -> list[Warehouse]:
    """All of them, those that are served from first at the front."""
    return [_warehouse(row) for row in await tx.all(ALL)]


async def add(tx: Tx, one: Warehouse) -> bool:
    """Write a new one; False where its code is taken."""
    return await tx.run(ADD, *_row(one)) == 1


async def change(tx: Tx, one: Warehouse) -> bool:
    """Write it anew, held from now on; False where there is none with its code."""
    return await tx.run(CHANGE, *_row(one)) == 1


async def pieces(tx: Tx, code: str) -> int:
    """How much lies there."""
    return int(await tx.value(PIECES, code))


async def let_in(tx: Tx, code: str, *, closed: bool = False) -> None:
    """See to it that it stays open while something is put in; refuses NoSuchWarehouse and WarehouseClosed.

    `closed`: whether it may be closed, since something is only taken out.
    """
    if code == MAIN:
        return
    active = await tx.value(ACTIVE, code)
    if active is None:
        raise NoSuchWarehouse(warehouse=code)
    if not active and not closed:
        raise WarehouseClosed(warehouse=code)


def _row(one: Warehouse) -> tuple[Any, ...]:
    return one.code, one.name, one.country, one.postal_code, one.address, one.priority, one.active


def _warehouse(row: Any) -> Warehouse:
    return Warehouse(**dict(row))
