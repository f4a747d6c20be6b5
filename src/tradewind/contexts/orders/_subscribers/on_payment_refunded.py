"""Money is back with a buyer: the edit of an order that it was for need not wait any longer."""

from collections.abc import Sequence

from tradewind.contexts.orders._store import edits
from tradewind.contexts.orders.payers import EDITING
from tradewind.contracts.payments import PaymentRefunded
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payment_refunded(events: Sequence[PaymentRefunded], tx: Tx) -> None:
    """Wake it, should it wait; it looks itself. Refunds that are for no edit change nothing."""
    waiting = await edits.of_refunds(tx, [event.refund_id for event in events if event.refund_id])
    if waiting:
        await signals.wake_waiting(tx, EDITING, waiting)
