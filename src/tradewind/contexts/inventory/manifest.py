"""Inventory's table of contents."""

from pathlib import Path

from tradewind.contexts.inventory._subscribers.on_order_cancelled import on_order_cancelled
from tradewind.contexts.inventory._subscribers.on_product_created import on_product_created
from tradewind.contexts.inventory.adjust_stock import rest as adjust_stock_rest
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock, adjust_stock
from tradewind.contexts.inventory.change_warehouse import rest as change_warehouse_rest
from tradewind.contexts.inventory.change_warehouse.command import change_warehouse
from tradewind.contexts.inventory.expire_reservations.timer import EXPIRE_RESERVATIONS
from tradewind.contexts.inventory.list_warehouses import rest as list_warehouses_rest
from tradewind.contexts.inventory.list_warehouses.query import list_warehouses
from tradewind.contexts.inventory.open_warehouse import rest as open_warehouse_rest
from tradewind.contexts.inventory.open_warehouse.command import OpenWarehouse, open_warehouse
from tradewind.contexts.inventory.peer import Inventory
from tradewind.contexts.inventory.query_stock import rest as query_stock_rest
from tradewind.contexts.inventory.query_stock.kept import forget_stock, show_stock
from tradewind.contexts.inventory.query_stock.query import query_stock
from tradewind.contracts.inventory import InventoryPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "AdjustStock", "OpenWarehouse"]

_peer: InventoryPeer = Inventory()
MANIFEST = Manifest(
    name="inventory",
    migrations=Path(__file__).parent / "migrations",
    handlers=(adjust_stock, query_stock, show_stock, open_warehouse, change_warehouse, list_warehouses),
    routes=(
        adjust_stock_rest.adjust_stock,
        query_stock_rest.query_stock,
        open_warehouse_rest.open_warehouse,
        change_warehouse_rest.change_warehouse,
        list_warehouses_rest.list_warehouses,
    ),
    subscribers=(on_product_created, on_order_cancelled),
    listeners=(forget_stock,),
    timers=(EXPIRE_RESERVATIONS,),
    peers={InventoryPeer: _peer},
)
