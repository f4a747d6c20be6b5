"""Gives coupons, and pieces of flash sales, back when an order comes to nothing."""

from collections.abc import Sequence

from tradewind.contexts.pricing._store import flash_sales, redemptions
from tradewind.contracts.orders import OrderCancelled, OrderFailed
from tradewind.kernel import clock
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber


@apart
@subscriber
async def on_order_called_off(events: Sequence[OrderCancelled | OrderFailed], tx: Tx) -> None:
    """Let the uses and the pieces of these orders count no more. Hearing it twice changes nothing."""
    order_ids = [event.order_id for event in events]
    await redemptions.give_back(tx, order_ids, clock.now())
    await flash_sales.give_back(tx, order_ids)
