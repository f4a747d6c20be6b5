"""Book what came or went otherwise than by an order."""

from tradewind.contexts.inventory._domain.bundle import NoStockOfItsOwn
from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import NoSuchStock, Stock, check
from tradewind.contexts.inventory._store import bundles, stock, warehouses
from tradewind.contexts.inventory.query_stock.query import StockView, view
from tradewind.contracts.catalog import CatalogPeer
from tradewind.contracts.inventory import MAIN, Level, StockAdjusted
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class AdjustStock(Command, frozen=True):
    """`delta` pieces came, or went where it is negative. What has a `reference` is booked once (for imports)."""

    sku: str
    delta: int
    reason: str
    reference: str | None = None
    warehouse: str = MAIN


@handler(action="inventory.adjust_stock")
async def adjust_stock(command: AdjustStock, tx: Tx) -> StockView:
    """The stock after it; refuses with InvalidAdjustment, NoSuchStock, or BelowReserved where too many are promised.

    Refuses NoStockOfItsOwn of a bundle, NoSuchWarehouse, and WarehouseClosed where something shall come into one
    that is not active.
    """
    check(command.sku, command.delta, command.reason)
    await warehouses.let_in(tx, command.warehouse, closed=command.delta < 0)
    before = await held(tx, command.sku, command.warehouse)
    if await bundles.parts_of(tx, [command.sku]):
        raise NoStockOfItsOwn(sku=command.sku)
    if command.reference is not None and await stock.known(tx, [command.reference]):
        return view(before)
    after = before.adjusted(command.delta, command.warehouse)
    stock.move(tx, [Movement(after.sku, command.delta, 0, command.warehouse)])
    stock.note(tx, [stock.Change(after.sku, command.warehouse, command.delta, command.reference)], command.reason)
    tx.tell(
        adjusted(after, command.delta, command.reason, command.warehouse, after.level()),
        *before.crossed(-command.delta),
    )
    tx.audit(
        "inventory.adjust_stock", after.sku,
        delta=command.delta, reason=command.reason, on_hand=after.on_hand, warehouse=command.warehouse,
    )  # fmt: skip
    return view(after)


async def held(tx: Tx, sku: str, warehouse: str) -> Stock:
    """The stock, held; opened first where the catalog knows the SKU and its event has not come round yet."""
    if found := (await stock.hold_in(tx, [(sku, warehouse)])).get(sku):
        return found
    catalog = tx.peer(CatalogPeer)
    product_id = await catalog.identify(tx, sku)
    if product_id is None:
        raise NoSuchStock(f"No product carries the SKU {sku}.", sku=sku)
    await stock.open_for(tx, sku, product_id)
    return (await stock.hold_in(tx, [(sku, warehouse)]))[sku]


def adjusted(after: Stock, delta: int, reason: str, warehouse: str, level: Level) -> StockAdjusted:
    """What is told of it; `level`: where the SKU stands once all is done that is done with it."""
    return StockAdjusted(
        product_id=after.product_id,
        sku=after.sku,
        delta=delta,
        on_hand=after.on_hand,
        reserved=after.reserved,
        reason=reason,
        warehouse=warehouse,
        levels=(level,),
    )
