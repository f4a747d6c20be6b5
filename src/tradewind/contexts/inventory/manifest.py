"""Inventory's table of contents."""

from pathlib import Path

from tradewind.contexts.inventory._subscribers.on_order_cancelled import on_order_cancelled
from tradewind.contexts.inventory._subscribers.on_product_created import on_product_created
from tradewind.contexts.inventory.adjust_stock import rest as adjust_stock_rest
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock, adjust_stock
from tradewind.contexts.inventory.adjust_stock.letters import SensorsLetters
from tradewind.contexts.inventory.adjust_stock.mqtt import SENSORS
from tradewind.contexts.inventory.adjust_stock.sensors import FORGET_SENSOR_IDS
from tradewind.contexts.inventory.expire_reservations.timer import EXPIRE_RESERVATIONS
from tradewind.contexts.inventory.peer import Inventory
from tradewind.contexts.inventory.query_stock import rest as query_stock_rest
from tradewind.contexts.inventory.query_stock.kept import forget_stock, show_stock
from tradewind.contexts.inventory.query_stock.query import query_stock
from tradewind.contracts.inventory import InventoryPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "SENSORS", "AdjustStock"]

_peer: InventoryPeer = Inventory()
MANIFEST = Manifest(
    name="inventory",
    migrations=Path(__file__).parent / "migrations",
    handlers=(adjust_stock, query_stock, show_stock),
    routes=(adjust_stock_rest.adjust_stock, query_stock_rest.query_stock),
    subscribers=(on_product_created, on_order_cancelled),
    listeners=(forget_stock,),
    timers=(EXPIRE_RESERVATIONS, FORGET_SENSOR_IDS),
    intakes=(SENSORS,),
    peers={InventoryPeer: _peer},
    dead_letters=SensorsLetters(),
)
