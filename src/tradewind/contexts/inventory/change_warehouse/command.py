"""Say otherwise what there is to say of a warehouse; close it once it is empty."""

from tradewind.contexts.inventory._domain.warehouse import Warehouse, WarehouseNotEmpty, check
from tradewind.contexts.inventory._store import warehouses
from tradewind.contexts.inventory.list_warehouses.query import WarehouseView, view
from tradewind.contracts.inventory import NoSuchWarehouse
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ChangeWarehouse(Command, frozen=True):
    """All that there is to say of it."""

    warehouse: Warehouse


@handler(action="inventory.manage_warehouses")
async def change_warehouse(command: ChangeWarehouse, tx: Tx) -> WarehouseView:
    """The warehouse; refuses InvalidWarehouse, NoSuchWarehouse, and WarehouseNotEmpty where it shall be closed.

    Who puts something in holds the warehouse's row as well, so nothing comes in while it is being closed. What a
    canceled order gives back does: it lies where it lay.
    """
    wanted = command.warehouse
    check(wanted)
    if not await warehouses.change(tx, wanted):
        raise NoSuchWarehouse(warehouse=wanted.code)
    if not wanted.active and (pieces := await warehouses.pieces(tx, wanted.code)):
        raise WarehouseNotEmpty(warehouse=wanted.code, pieces=pieces)
    tx.audit("inventory.change_warehouse", wanted.code, priority=wanted.priority, active=wanted.active)
    return view(wanted)
