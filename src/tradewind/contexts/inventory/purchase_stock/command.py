"""Expect goods of a supplier, and book what comes, delivery by delivery: each once, by the number of its note."""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from tradewind.contexts.inventory._domain.stock import MAX_DELTA
from tradewind.contexts.inventory._store import purchases, warehouses
from tradewind.contexts.inventory._store.purchases import Purchase, Status
from tradewind.contexts.inventory._store.stock import Change
from tradewind.contexts.inventory.adjust_stock.many import book, hold_plain
from tradewind.contracts.inventory import MAIN
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler, query

MAX_LINES: Final = 500
MAX_SUPPLIER: Final = 100
NOTE: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class InvalidPurchase(Invalid):
    """What is ordered, or came, breaks a rule."""


class PurchaseClosed(Conflict):
    """Nothing more is expected of it."""


class MoreThanOrdered(Conflict):
    """More came than was ordered and has not come yet. `left` says how many of each SKU were expected."""


class PlacePurchase(Command, frozen=True):
    """So many of each SKU are expected in a warehouse."""

    supplier: str
    quantities: Mapping[str, int]
    warehouse: str = MAIN


class ReceivePurchase(Command, frozen=True):
    """A delivery has come, with a note of this number."""

    purchase_id: UUID
    note: str
    came: Mapping[str, int]


class ClosePurchase(Command, frozen=True):
    """The rest will not come."""

    purchase_id: UUID


class GetPurchase(Command, frozen=True):
    """One purchase."""

    purchase_id: UUID


@handler(action="inventory.purchase")
async def place_purchase(command: PlacePurchase, tx: Tx) -> Purchase:
    """It is expected. Refuses InvalidPurchase, NoSuchWarehouse, WarehouseClosed, NoSuchStock and NoStockOfItsOwn."""
    supplier = command.supplier
    if not 1 <= len(supplier.strip()) <= len(supplier) <= MAX_SUPPLIER or not supplier.isprintable():
        raise InvalidPurchase(f"Expected a supplier's name of up to {MAX_SUPPLIER} characters.")
    _check(command.quantities)
    await warehouses.let_in(tx, command.warehouse)
    await hold_plain(tx, [(sku, command.warehouse) for sku in command.quantities])
    purchase_id = new_id()
    await purchases.add(tx, purchase_id, supplier, command.warehouse, command.quantities)
    tx.audit("inventory.place_purchase", str(purchase_id), warehouse=command.warehouse)
    return await purchases.read(tx, purchase_id)


@handler(action="inventory.purchase")
async def receive_purchase(command: ReceivePurchase, tx: Tx) -> Purchase:
    """What came is on the shelf; a note that is known is booked no more. Closed once everything has come.

    Refuses NoSuchPurchase, InvalidPurchase, PurchaseClosed, MoreThanOrdered, WarehouseClosed.
    """
    _check(command.came)
    if not re.fullmatch(NOTE, command.note):
        raise InvalidPurchase("Expected the number of the delivery's note.")
    before = await purchases.hold(tx, command.purchase_id)
    if not await purchases.note(tx, before.id, command.note):
        return before
    if before.status is Status.CLOSED:
        raise PurchaseClosed(purchaseId=str(before.id))
    left = {line.sku: line.qty - line.received for line in before.lines}
    if any(pieces > left.get(sku, 0) for sku, pieces in command.came.items()):
        raise MoreThanOrdered(left=left)
    await warehouses.let_in(tx, before.warehouse)
    held = await hold_plain(tx, [(sku, before.warehouse) for sku in command.came])
    await purchases.receive(tx, before.id, command.came)
    if sum(left.values()) == sum(command.came.values()):
        await purchases.close(tx, before.id)
    came = [
        Change(sku, before.warehouse, pieces, f"purchase:{before.id}:{command.note}:{sku}")
        for sku, pieces in command.came.items()
    ]
    book(tx, held, came, "purchase")
    tx.audit("inventory.receive_purchase", str(before.id), note=command.note, pieces=sum(command.came.values()))
    return await purchases.read(tx, before.id)


@handler(action="inventory.purchase")
async def close_purchase(command: ClosePurchase, tx: Tx) -> Purchase:
    """Nothing more is expected of it; refuses NoSuchPurchase."""
    before = await purchases.hold(tx, command.purchase_id)
    await purchases.close(tx, before.id)
    tx.audit("inventory.close_purchase", str(before.id))
    return await purchases.read(tx, before.id)


@query(action="inventory.purchase")
async def get_purchase(command: GetPurchase, tx: Tx) -> Purchase:
    """The purchase as it stands; refuses NoSuchPurchase."""
    return await purchases.read(tx, command.purchase_id)


def _check(quantities: Mapping[str, int]) -> None:
    if not 1 <= len(quantities) <= MAX_LINES or not all(1 <= pieces <= MAX_DELTA for pieces in quantities.values()):
        raise InvalidPurchase(f"Expected 1 to {MAX_LINES} SKUs with 1 to {MAX_DELTA} pieces of each.")
