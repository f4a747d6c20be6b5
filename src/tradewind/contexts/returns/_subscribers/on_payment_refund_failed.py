"""The money that was said to be back is not: the return that it was for is open again."""

from collections.abc import Sequence

from tradewind.contexts.returns._domain.returned import Status
from tradewind.contexts.returns._store import returns
from tradewind.contexts.returns._subscribers.counted import are_back, count
from tradewind.contracts.payments import PaymentRefundFailed
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payment_refund_failed(events: Sequence[PaymentRefundFailed], tx: Tx) -> None:
    """Heard late, the money may have gone back otherwise meanwhile: where the refund stands now is what counts."""
    counted = await count(tx, events, -1)
    if not counted:
        return
    back = await are_back(tx, counted)
    for one in counted:
        if one.status is Status.REFUNDED and not back[one.id]:
            returns.save(tx, one.owe_again())
            tx.audit("returns.owe_again", str(one.id), refund_id=str(one.refund_id))
        else:
            returns.save(tx, one)
