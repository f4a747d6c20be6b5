"""Say otherwise what there is to say of a warehouse; close it once it is empty."""

from tradewind.contexts.inventory._domain.warehouse import MAX_NAMED, Warehouse, WarehouseNotEmpty, check
from tradewind.contexts.inventory._store import warehouses
from tradewind.contexts.inventory.list_warehouses.query import WarehouseView, view
from tradewind.contracts.inventory import NoSuchWarehouse, ReturnsWait
from tradewind.contracts.messages import Command
from tradewind.contracts.returns import ReturnsPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ChangeWarehouse(Command, frozen=True):
    """All that there is to say of it."""

    warehouse: Warehouse


@handler(action="inventory.manage_warehouses")
async def change_warehouse(command: ChangeWarehouse, tx: Tx) -> WarehouseView:
    """The warehouse; refuses InvalidWarehouse, NoSuchWarehouse; WarehouseNotEmpty and ReturnsWait where it shall close.

    Who puts something in holds the warehouse's row as well, so nothing comes in while it is being closed. What a
    canceled order gives back does: it lies where it lay.
    """
    wanted = command.warehouse
    check(wanted)
    if not await warehouses.change(tx, wanted):
        raise NoSuchWarehouse(warehouse=wanted.code)
    if not wanted.active and (pieces := await warehouses.pieces(tx, wanted.code)):
        raise WarehouseNotEmpty(warehouse=wanted.code, pieces=pieces)
    if not wanted.active and (waiting := await tx.peer(ReturnsPeer).uninspected(tx, wanted.code)):
        oldest = [str(one) for one in waiting][:MAX_NAMED]
        raise ReturnsWait(warehouse=wanted.code, returns=oldest, pieces=sum(waiting.values()))
    tx.audit("inventory.change_warehouse", wanted.code, priority=wanted.priority, active=wanted.active)
    return view(wanted)
