"""Inventory's table of contents."""

from pathlib import Path

from tradewind.contexts.inventory._subscribers.on_order_cancelled import on_order_cancelled
from tradewind.contexts.inventory._subscribers.on_order_confirmed import on_order_confirmed
from tradewind.contexts.inventory._subscribers.on_parts_moved import on_parts_moved
from tradewind.contexts.inventory._subscribers.on_product_created import on_product_created
from tradewind.contexts.inventory.adjust_stock import rest as adjust_stock_rest
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock, adjust_stock
from tradewind.contexts.inventory.change_warehouse import rest as change_warehouse_rest
from tradewind.contexts.inventory.change_warehouse.command import change_warehouse
from tradewind.contexts.inventory.claim_stock import rest as claim_rest
from tradewind.contexts.inventory.claim_stock.command import (
    TryReservation,
    cancel_reservation,
    confirm_reservation,
    get_reservation,
    try_reservation,
)
from tradewind.contexts.inventory.expire_reservations.timer import EXPIRE_RESERVATIONS
from tradewind.contexts.inventory.list_warehouses import rest as list_warehouses_rest
from tradewind.contexts.inventory.list_warehouses.query import list_warehouses
from tradewind.contexts.inventory.open_warehouse import rest as open_warehouse_rest
from tradewind.contexts.inventory.open_warehouse.command import OpenWarehouse, open_warehouse
from tradewind.contexts.inventory.peer import Inventory
from tradewind.contexts.inventory.query_stock import rest as query_stock_rest
from tradewind.contexts.inventory.query_stock.kept import forget_stock, show_stock
from tradewind.contexts.inventory.query_stock.query import query_stock
from tradewind.contexts.inventory.set_bundle import rest as set_bundle_rest
from tradewind.contexts.inventory.set_bundle.command import SetBundle, set_bundle
from tradewind.contracts.inventory import InventoryPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "AdjustStock", "OpenWarehouse", "SetBundle", "TryReservation"]

_peer: InventoryPeer = Inventory()
MANIFEST = Manifest(
    name="inventory",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        adjust_stock,
        query_stock,
        show_stock,
        open_warehouse,
        change_warehouse,
        list_warehouses,
        set_bundle,
        try_reservation,
        confirm_reservation,
        cancel_reservation,
        get_reservation,
    ),
    routes=(
        adjust_stock_rest.adjust_stock,
        query_stock_rest.query_stock,
        open_warehouse_rest.open_warehouse,
        change_warehouse_rest.change_warehouse,
        list_warehouses_rest.list_warehouses,
        set_bundle_rest.set_bundle,
        claim_rest.try_reservation,
        claim_rest.confirm_reservation,
        claim_rest.cancel_reservation,
        claim_rest.get_reservation,
    ),
    subscribers=(on_product_created, on_order_cancelled, on_order_confirmed, on_parts_moved),
    listeners=(forget_stock,),
    timers=(EXPIRE_RESERVATIONS,),
    peers={InventoryPeer: _peer},
)
