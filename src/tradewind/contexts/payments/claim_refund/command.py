"""Refunds for who owes them in another process: claimed by an id of theirs, answered as they stand ever after.

Each is one transaction, under the payment's lock; a saga asks the provider, as for every refund. Who asks has written
down under which id before, so a lost answer is asked for again, and whatever comes late or twice changes nothing.
"""

from uuid import UUID

from tradewind.contexts.payments.refund_payment import holding, sources
from tradewind.contexts.payments.refund_payment.claim import Refunds, claim_by_facts
from tradewind.contracts.messages import Command
from tradewind.contracts.payments import Claimed, RefundClaim, RefundHold
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.handlers import handler, query


class ClaimRefund(Command, frozen=True):
    """Have what was paid for some goods given back."""

    claim: RefundClaim


class HoldRefund(Command, frozen=True):
    """Claim what an edit may give back, and keep others from claiming of its order."""

    wish: RefundHold


class SendRefund(Command, frozen=True):
    """Have what is held given back."""

    refund_id: UUID


class LetGoRefund(Command, frozen=True):
    """Have what is held free again."""

    refund_id: UUID


class AskRefundAgain(Command, frozen=True):
    """Claim anew what the provider would not give back of a refund."""

    order_id: UUID
    refund_id: UUID


class SeeRefund(Command, frozen=True):
    """Where a refund stands."""

    refund_id: UUID


@handler(action="payments.carry")
async def claim_refund(command: ClaimRefund, tx: Tx) -> Claimed:
    """Refuses with NoSuchPayment where nothing was paid for it."""
    claimed = await claim_by_facts(tx, command.claim)
    await _written(tx, "payments.claim")
    tx.ring()
    return claimed


@handler(action="payments.carry")
async def hold_refund(command: HoldRefund, tx: Tx) -> Claimed:
    """REFUSED where others claim of the order, or less is left; refuses with NoSuchPayment."""
    held = await holding.hold(tx, command.wish)
    await _written(tx, "payments.hold")
    return held


@handler(action="payments.carry")
async def send_refund(command: SendRefund, tx: Tx) -> Claimed | None:
    """None where nothing goes back."""
    sent = await holding.send(tx, command.refund_id)
    await _written(tx, "payments.send")
    tx.ring()
    return sent


@handler(action="payments.carry")
async def let_go_refund(command: LetGoRefund, tx: Tx) -> None:
    """What was sent is not touched."""
    await holding.let_go(tx, command.refund_id)
    await _written(tx, "payments.let_go")


@handler(action="payments.carry")
async def ask_refund_again(command: AskRefundAgain, tx: Tx) -> bool:
    """False where less is left than was refused; refuses with NoSuchPayment."""
    asked = await Refunds().ask_again(tx, command.order_id, command.refund_id)
    tx.ring()
    return asked


@query(action="payments.carry")
async def see_refund(command: SeeRefund, tx: Tx) -> Claimed | None:
    """None where it is not known."""
    return (await sources.standing(tx, [command.refund_id])).get(command.refund_id)


async def _written(tx: Tx, what: str) -> None:
    """The last that a command does: it may die on either side of the commit."""
    await tx.flush()
    failpoint(f"{what}.before_commit")
    tx.on_commit.append(lambda: failpoint(f"{what}.after_commit"))
