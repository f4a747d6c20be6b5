"""Opens the stock of a new product."""

from tradewind.contexts.inventory._store import stock
from tradewind.contracts.catalog import ProductCreated
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_product_created(event: ProductCreated, tx: Tx) -> None:
    """Open an empty stock, unless an adjustment opened it first."""
    await stock.open_for(tx, event.sku, event.product_id)
