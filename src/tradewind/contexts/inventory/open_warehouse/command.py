"""Say that there is another warehouse."""

from typing import Final

from tradewind.contexts.inventory._domain.warehouse import (
    MAX_WAREHOUSES,
    TooManyWarehouses,
    Warehouse,
    WarehouseExists,
    check,
)
from tradewind.contexts.inventory._store import warehouses
from tradewind.contexts.inventory.list_warehouses.query import WarehouseView, view
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext('inventory.open_warehouse'))"


class OpenWarehouse(Command, frozen=True):
    """A place where stock will lie."""

    warehouse: Warehouse


@handler(action="inventory.manage_warehouses")
async def open_warehouse(command: OpenWarehouse, tx: Tx) -> WarehouseView:
    """The warehouse; refuses InvalidWarehouse, WarehouseExists and TooManyWarehouses."""
    check(command.warehouse)
    await tx.run(ONE_AT_A_TIME)
    if len(await warehouses.every(tx)) >= MAX_WAREHOUSES:
        raise TooManyWarehouses(most=MAX_WAREHOUSES)
    if not await warehouses.add(tx, command.warehouse):
        raise WarehouseExists(warehouse=command.warehouse.code)
    tx.audit("inventory.open_warehouse", command.warehouse.code, priority=command.warehouse.priority)
    return view(command.warehouse)
