"""The provider said no (S1-98): goods that are still held for the order are let go soon, not at the end of their time.

The saga that asked gives them back with that answer; then this finds nothing. Where it does not come to that, because
it is held up or inventory was away, others have waited for these goods long enough. What is confirmed meanwhile is not
held any more, and is left alone.
"""

from collections.abc import Sequence
from typing import Final

from tradewind.contracts.payments import PaymentFailed
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber

GRACE_S: Final = 60.0
"""Seconds that whoever carries the order has left to give the goods back, or to confirm them."""
STILL_HELD: Final = """
    SELECT order_id FROM inventory.reservation
    WHERE order_id = ANY($1::uuid[]) AND state = 'HELD' AND expires_at > now() + make_interval(secs => $2)
    ORDER BY order_id, line FOR NO KEY UPDATE
"""
SHORTEN: Final = """
    UPDATE inventory.reservation SET expires_at = now() + make_interval(secs => $2)
    WHERE order_id = ANY($1::uuid[]) AND state = 'HELD' AND expires_at > now() + make_interval(secs => $2)
"""


@apart
@subscriber
async def on_payment_failed(events: Sequence[PaymentFailed], tx: Tx) -> None:
    """A time that is shorter already stays: heard again, it is not begun anew."""
    held = await tx.all(STILL_HELD, [event.order_id for event in events], GRACE_S)
    if held:
        await tx.run(SHORTEN, sorted({row["order_id"] for row in held}), GRACE_S)
