"""The money is back with the buyer: the return that it was for is over."""

from collections.abc import Sequence

from tradewind.contexts.returns._domain.returned import Status
from tradewind.contexts.returns._store import returns
from tradewind.contexts.returns._subscribers.counted import are_back, count
from tradewind.contracts.payments import PaymentRefunded
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payment_refunded(events: Sequence[PaymentRefunded], tx: Tx) -> None:
    """Refunds that belong to no return, or to one that is over, change nothing; one in parts counts with its last."""
    counted = await count(tx, events, 1)
    if not counted:
        return
    back = await are_back(tx, counted)
    for one in counted:
        if one.status is Status.INSPECTED and back[one.id]:
            refunded, event = one.refund()
            returns.save(tx, refunded)
            tx.tell(event)
        else:
            returns.save(tx, one)
