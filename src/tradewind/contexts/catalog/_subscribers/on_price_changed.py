"""Shows the prices that pricing tells of."""

from collections.abc import Sequence

from tradewind.contexts.catalog._store import products
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_price_changed(events: Sequence[ProductPriceChanged], tx: Tx) -> None:
    """Show the new prices. Events of one product come in order, so the last one told is the one shown."""
    last = {event.product_id: Money.parse(event.amount, event.currency) for event in events}
    await products.show_prices(tx, list(last.items()))
