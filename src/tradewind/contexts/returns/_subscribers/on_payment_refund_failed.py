"""The money that was said to be back is not: the return that it was for is open again."""

from collections.abc import Sequence

from tradewind.contexts.returns._domain.returned import Status
from tradewind.contexts.returns._store import returns
from tradewind.contracts.payments import PaymentRefundFailed, RefundsPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payment_refund_failed(events: Sequence[PaymentRefundFailed], tx: Tx) -> None:
    """Heard late, the money may have gone back otherwise meanwhile: where the refund stands now is what counts."""
    held = await returns.hold_refunded(tx, [event.refund_id for event in events if event.refund_id], Status.REFUNDED)
    if not held:
        return
    stands = await tx.peer(RefundsPeer).standing(tx, [one.refund_id for one in held if one.refund_id])
    for one in held:
        if one.refund_id is not None and stands[one.refund_id].status != "DONE":
            returns.save(tx, one.owe_again())
            tx.audit("returns.owe_again", str(one.id), refund_id=str(one.refund_id))
