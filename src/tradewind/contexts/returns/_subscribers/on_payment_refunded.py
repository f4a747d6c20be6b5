"""The money is back with the buyer: the return that it was for is over."""

from collections.abc import Sequence

from tradewind.contexts.returns._store import returns
from tradewind.contracts.payments import PaymentRefunded, RefundsPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payment_refunded(events: Sequence[PaymentRefunded], tx: Tx) -> None:
    """Refunds that belong to no return, or to one that is over, change nothing; one in parts counts with its last."""
    held = await returns.hold_refunded(tx, [event.refund_id for event in events if event.refund_id])
    if not held:
        return
    stands = await tx.peer(RefundsPeer).standing(tx, [one.refund_id for one in held if one.refund_id])
    for one in held:
        if one.refund_id is None or stands[one.refund_id].status != "DONE":
            continue
        refunded, event = one.refund()
        returns.save(tx, refunded)
        tx.tell(event)
