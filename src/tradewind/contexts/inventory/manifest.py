"""Inventory's table of contents."""

from pathlib import Path

from tradewind.contexts.inventory._subscribers.on_goods_announced import on_goods_announced
from tradewind.contexts.inventory._subscribers.on_order_cancelled import on_order_cancelled
from tradewind.contexts.inventory._subscribers.on_order_confirmed import on_order_confirmed
from tradewind.contexts.inventory._subscribers.on_order_placed import on_order_placed
from tradewind.contexts.inventory._subscribers.on_parts_moved import on_parts_moved
from tradewind.contexts.inventory._subscribers.on_payment_failed import on_payment_failed
from tradewind.contexts.inventory._subscribers.on_product_created import on_product_created
from tradewind.contexts.inventory.adjust_stock import rest as adjust_stock_rest
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock, adjust_stock
from tradewind.contexts.inventory.adjust_stock.letters import SensorsLetters
from tradewind.contexts.inventory.adjust_stock.mqtt import SENSORS
from tradewind.contexts.inventory.adjust_stock.sensors import FORGET_SENSOR_IDS
from tradewind.contexts.inventory.change_warehouse import rest as change_warehouse_rest
from tradewind.contexts.inventory.change_warehouse.command import change_warehouse
from tradewind.contexts.inventory.claim_stock import rest as claim_rest
from tradewind.contexts.inventory.claim_stock.command import (
    TryReservation,
    amend_reservation,
    cancel_reservation,
    confirm_reservation,
    get_reservation,
    try_reservations,
)
from tradewind.contexts.inventory.count_stock import rest as count_rest
from tradewind.contexts.inventory.count_stock.command import close_stocktake, get_stocktake, open_stocktake
from tradewind.contexts.inventory.expire_reservations.timer import EXPIRE_RESERVATIONS
from tradewind.contexts.inventory.list_stock import rest as list_stock_rest
from tradewind.contexts.inventory.list_stock.query import list_stock, look_up_stock
from tradewind.contexts.inventory.list_warehouses import rest as list_warehouses_rest
from tradewind.contexts.inventory.list_warehouses.query import list_warehouses
from tradewind.contexts.inventory.open_warehouse import rest as open_warehouse_rest
from tradewind.contexts.inventory.open_warehouse.command import OpenWarehouse, open_warehouse
from tradewind.contexts.inventory.peer import Backorders, Inventory
from tradewind.contexts.inventory.purchase_stock import rest as purchase_rest
from tradewind.contexts.inventory.purchase_stock.command import (
    close_purchase,
    get_purchase,
    place_purchase,
    receive_purchase,
)
from tradewind.contexts.inventory.query_stock import rest as query_stock_rest
from tradewind.contexts.inventory.query_stock.kept import forget_stock, show_stock
from tradewind.contexts.inventory.query_stock.numbers import Standings, show_stock_numbers
from tradewind.contexts.inventory.query_stock.query import query_stock
from tradewind.contexts.inventory.queue_backorder import rest as backorder_rest
from tradewind.contexts.inventory.queue_backorder.command import cancel_backorder, get_backorder, queue_backorder
from tradewind.contexts.inventory.serve_backorders.timer import SERVE_BACKORDERS
from tradewind.contexts.inventory.set_backordering import rest as set_backordering_rest
from tradewind.contexts.inventory.set_backordering.command import SetBackordering, set_backordering
from tradewind.contexts.inventory.set_bundle import rest as set_bundle_rest
from tradewind.contexts.inventory.set_bundle.command import SetBundle, set_bundle
from tradewind.contexts.inventory.spread_stock.rebuild import rebuild_snapshot
from tradewind.contexts.inventory.spread_stock.timer import SPREAD_STOCK
from tradewind.contexts.inventory.suggest_replenishment import rest as replenishment_rest
from tradewind.contexts.inventory.suggest_replenishment.query import set_replenishment, suggest_replenishment
from tradewind.contexts.inventory.transfer_stock import rest as transfer_rest
from tradewind.contexts.inventory.transfer_stock.command import get_transfer, receive_transfer, send_transfer
from tradewind.contracts.inventory import BackordersPeer, InventoryPeer
from tradewind.runtime.manifest import Manifest

__all__ = [
    "MANIFEST",
    "SENSORS",
    "AdjustStock",
    "OpenWarehouse",
    "SetBackordering",
    "SetBundle",
    "TryReservation",
    "rebuild_snapshot",
]

_peer: InventoryPeer = Inventory()
_backorders: BackordersPeer = Backorders()
MANIFEST = Manifest(
    name="inventory",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        adjust_stock,
        query_stock,
        show_stock_numbers,
        show_stock,
        list_stock,
        look_up_stock,
        open_warehouse,
        change_warehouse,
        list_warehouses,
        set_bundle,
        set_backordering,
        try_reservations,
        confirm_reservation,
        cancel_reservation,
        amend_reservation,
        get_reservation,
        send_transfer,
        receive_transfer,
        get_transfer,
        open_stocktake,
        close_stocktake,
        get_stocktake,
        queue_backorder,
        cancel_backorder,
        get_backorder,
        set_replenishment,
        suggest_replenishment,
        place_purchase,
        receive_purchase,
        close_purchase,
        get_purchase,
    ),
    routes=(
        adjust_stock_rest.adjust_stock,
        query_stock_rest.query_stock,
        query_stock_rest.query_product_stock,
        list_stock_rest.list_stock,
        open_warehouse_rest.open_warehouse,
        change_warehouse_rest.change_warehouse,
        list_warehouses_rest.list_warehouses,
        set_bundle_rest.set_bundle,
        set_backordering_rest.set_backordering,
        claim_rest.try_reservation,
        claim_rest.confirm_reservation,
        claim_rest.cancel_reservation,
        claim_rest.get_reservation,
        transfer_rest.send_transfer,
        transfer_rest.receive_transfer,
        transfer_rest.get_transfer,
        count_rest.open_stocktake,
        count_rest.close_stocktake,
        count_rest.get_stocktake,
        backorder_rest.queue_backorder,
        backorder_rest.cancel_backorder,
        backorder_rest.get_backorder,
        replenishment_rest.set_replenishment,
        replenishment_rest.suggest_replenishment,
        purchase_rest.place_purchase,
        purchase_rest.receive_purchase,
        purchase_rest.close_purchase,
        purchase_rest.get_purchase,
    ),
    remote=(
        "tradewind.contexts.inventory.claim_stock.grpc",
        "tradewind.contexts.inventory.query_stock.grpc",
    ),
    subscribers=(
        on_product_created,
        on_goods_announced,
        on_order_placed,
        on_order_cancelled,
        on_order_confirmed,
        on_payment_failed,
        on_parts_moved,
    ),
    listeners=(forget_stock,),
    parts={Standings: Standings},
    timers=(EXPIRE_RESERVATIONS, SERVE_BACKORDERS, FORGET_SENSOR_IDS, SPREAD_STOCK),
    intakes=(SENSORS,),
    peers={InventoryPeer: _peer, BackordersPeer: _backorders},
    dead_letters=SensorsLetters(),
)
