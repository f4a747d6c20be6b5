"""Book what came or went otherwise than by an order."""

from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import NoSuchStock, Stock, check
from tradewind.contexts.inventory._store import stock
from tradewind.contexts.inventory.query_stock.query import StockView, view
from tradewind.contracts.catalog import CatalogPeer
from tradewind.contracts.inventory import StockAdjusted
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class AdjustStock(Command, frozen=True):
    """`delta` pieces came, or went where it is negative. What has a `reference` is booked once (for imports)."""

    sku: str
    delta: int
    reason: str
    reference: str | None = None


@handler(action="inventory.adjust_stock")
async def adjust_stock(command: AdjustStock, tx: Tx) -> StockView:
    """The stock after it; refuses with InvalidAdjustment, NoSuchStock, or BelowReserved where too many are promised."""
    check(command.sku, command.delta, command.reason)
    before = await _held(tx, command.sku)
    if command.reference is not None and await stock.is_known(tx, command.reference):
        return view(before)
    after = before.adjusted(command.delta)
    stock.move(tx, [Movement(after.sku, command.delta, 0)])
    stock.note(tx, after.sku, command.delta, command.reason, command.reference)
    tx.tell(_adjusted(after, command), *before.crossed(-command.delta))
    tx.audit("inventory.adjust_stock", after.sku, delta=command.delta, reason=command.reason, on_hand=after.on_hand)
    return view(after)


async def _held(tx: Tx, sku: str) -> Stock:
    """The stock, held; opened first where the catalog knows the SKU and its event has not come round yet."""
    if found := await stock.hold(tx, sku):
        return found
    catalog = tx.peer(CatalogPeer)
    product_id = await catalog.identify(tx, sku)
    if product_id is None:
        raise NoSuchStock(f"No product carries the SKU {sku}.", sku=sku)
    await stock.open_for(tx, sku, product_id)
    opened = await stock.hold(tx, sku)
    assert opened is not None, "it was just opened"
    return opened


def _adjusted(after: Stock, command: AdjustStock) -> StockAdjusted:
    return StockAdjusted(
        product_id=after.product_id,
        sku=after.sku,
        delta=command.delta,
        on_hand=after.on_hand,
        reserved=after.reserved,
        reason=command.reason,
    )
