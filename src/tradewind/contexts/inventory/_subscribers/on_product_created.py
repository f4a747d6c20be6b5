"""Opens the stock of new products."""

from collections.abc import Sequence

from tradewind.contexts.inventory._store import stock
from tradewind.contracts.catalog import ProductCreated
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber


@apart
@subscriber
async def on_product_created(events: Sequence[ProductCreated], tx: Tx) -> None:
    """Open an empty stock for each, unless an adjustment opened it first."""
    await stock.open_all(tx, {event.sku: event.product_id for event in events})
