"""The provider would not give the money back: ask again, as another refund.

Where payments is asked in another process, a saga finds out whether the provider has said no, and asks again.
"""

from uuid import UUID

from tradewind.contexts.returns._domain.returned import Status, accepted
from tradewind.contexts.returns._domain.views import ReturnView, view
from tradewind.contexts.returns._store import returns
from tradewind.contexts.returns.inspect_return.elsewhere import REASON
from tradewind.contexts.returns.retry_refund import elsewhere
from tradewind.contracts.messages import Command
from tradewind.contracts.payments import Refunding, RefundsPeer
from tradewind.kernel.errors import Conflict
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class NothingToRetry(Conflict):
    """The refund of this return is on its way or done, or not due yet."""


class RetryRefund(Command, frozen=True):
    """Ask for the money of this return again."""

    return_id: UUID


@handler(action="returns.decide")
async def retry_refund(command: RetryRefund, tx: Tx) -> ReturnView:
    """Refuses (NothingToRetry) unless the provider has said no: silence is no no, and its saga is still asking."""
    held = await returns.hold(tx, command.return_id)
    if held.status is not Status.INSPECTED or held.refund_id is None:
        raise NothingToRetry(status=held.status.value)
    if tx.peer(Refunding).away is not None:
        if held.retry_id is not None:
            raise NothingToRetry("It is being asked for again just now.", status=held.status.value)
        return view(elsewhere.begin(tx, held))
    refunds = tx.peer(RefundsPeer)
    before = await refunds.refund(tx, held.order_id, held.refund_id, accepted(held), REASON)
    if before.status == "PARTLY":
        if not await refunds.ask_again(tx, held.order_id, held.refund_id):
            raise NothingToRetry("Less is left of the payment than this return is worth.")
        tx.audit("returns.retry_refund", str(held.id), refund_id=str(held.refund_id))
        return view(held)
    if before.status != "REFUSED":
        raise NothingToRetry(status=before.status)
    refund_id = new_id()
    claimed = await refunds.refund(tx, held.order_id, refund_id, accepted(held), REASON)
    if claimed.amount != held.amount:
        raise NothingToRetry("Less is left of the payment than this return is worth.", left=str(claimed.amount.amount))
    again = held.ask_anew(refund_id)
    returns.save(tx, again)
    tx.audit("returns.retry_refund", str(held.id), refund_id=str(refund_id))
    return view(again)
