"""An order is off: whatever of it is still held goes back (S3-32). The saga did that before; this finds nothing."""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.inventory.release_reservations.release import release
from tradewind.contracts.orders import OrderCancelled, OrderFailed
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber

STILL_HELD: Final = """
    SELECT DISTINCT order_id FROM inventory.reservation
    WHERE order_id = ANY($1::uuid[]) AND state IN ('HELD', 'CONFIRMED')
"""


@apart
@subscriber
async def on_order_cancelled(events: Sequence[OrderCancelled | OrderFailed], tx: Tx) -> None:
    """Reconcile, never race: what is over cannot be carried on, so nobody else wants these goods for it."""
    held = await tx.all(STILL_HELD, [event.order_id for event in events])
    if held:
        await release(tx, [row["order_id"] for row in held], "the order is off")
