"""The money never came: goods that are still in the house stay there, until somebody has looked into it."""

from collections.abc import Sequence

from tradewind.contexts.shipping.peer import Shipping
from tradewind.contracts.payments import PaymentCaptureFailed
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payment_capture_failed(events: Sequence[PaymentCaptureFailed], tx: Tx) -> None:
    """Too late for what has left, or is off."""
    for order_id in sorted({event.order_id for event in events}):
        await Shipping().hold(tx, order_id)
