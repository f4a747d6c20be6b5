"""Shows the price that pricing tells of."""

from tradewind.contexts.catalog._store import products
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_price_changed(event: ProductPriceChanged, tx: Tx) -> None:
    """Show the new price. Events of one product come in order, so the last one told is the one shown."""
    products.show_price(tx, event.product_id, Money.parse(event.amount, event.currency))
