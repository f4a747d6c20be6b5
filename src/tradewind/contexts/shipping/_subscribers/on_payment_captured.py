"""The money is there: the goods may leave the house (S3-72). The saga has said so before, so this finds nothing."""

from collections.abc import Sequence

from tradewind.contexts.shipping.peer import Shipping
from tradewind.contracts.payments import PaymentCaptured
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payment_captured(events: Sequence[PaymentCaptured], tx: Tx) -> None:
    """Release is idempotent; a shipment that has moved on, or is off, stays as it is."""
    await Shipping().release(tx, [event.order_id for event in events])
