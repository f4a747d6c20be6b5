"""The money is there: the goods may leave the house (S3-72). Where the saga has said so before, this finds nothing.

The event may come long after that, when the shipment is held back again for an edit of its order: so it releases only
what was never released.
"""

from collections.abc import Sequence

from tradewind.contexts.shipping._store import shipments
from tradewind.contexts.shipping.peer import Shipping
from tradewind.contracts.payments import PaymentCaptured
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payment_captured(events: Sequence[PaymentCaptured], tx: Tx) -> None:
    """Release is idempotent; a shipment that has moved on, is off, or was held back since, stays as it is."""
    if fresh := await shipments.never_released(tx, [event.order_id for event in events]):
        await Shipping().release(tx, fresh)
