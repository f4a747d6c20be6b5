"""Refunds that other contexts ask for, within their own transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.payments._domain.purse import Purse, Taken, net
from tradewind.contexts.payments._store import payers, payments
from tradewind.contexts.payments.refund_payment import goods, sources
from tradewind.contexts.payments.refund_payment.command import REFUND_PAYMENT
from tradewind.contexts.payments.refund_payment.goods import RefundLine
from tradewind.contracts.payments import Claimed, Instead, RefundClaim
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.saga import store as sagas

BESIDES: Final = """
    SELECT EXISTS (SELECT FROM payments.refund WHERE order_id = ANY($1::uuid[]) AND status <> 'REFUSED'
                   AND coalesce(part_of, id) <> ALL($2::uuid[]))
"""
SET_APART: Final = """
    UPDATE payments.refund SET part_of = NULL WHERE part_of = $1 AND status = 'REFUSED'
    RETURNING order_id, coalesce(charge_id, order_id) AS charge_id, amount_minor, reason
"""
REFUSED: Final = """
    SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments.refund WHERE part_of = $1 AND status = 'REFUSED'
"""
CALLED_OFF: Final = "the order that it paid for was called off"


class Refunds:
    """Answers to RefundsPeer. Whoever asks was authorized by its own action."""

    async def refund(
        self,
        tx: Any,
        order_id: UUID,
        refund_id: UUID,
        pieces: Mapping[str, int],
        reason: str,
        instead: Instead | None = None,
    ) -> Claimed:
        """Claim under the payment's lock, never more than is left; `instead` is paid of it first."""
        purse = await sources.hold(tx, order_id)
        if known := (await sources.standing(tx, [refund_id])).get(refund_id):
            return known
        owed, lines = await goods.still_owed(tx, order_id, await goods.sold_as(tx, order_id), pieces)
        return await _claim(tx, purse, refund_id, owed, reason, lines, instead)

    async def ask_again(self, tx: Any, order_id: UUID, refund_id: UUID) -> bool:
        """Claim anew what the provider refused of it; the refused parts stand apart from then on."""
        purse = await sources.hold(tx, order_id)
        if purse.free.minor < await tx.value(REFUSED, refund_id):
            return False
        refused = await tx.all(SET_APART, refund_id)
        taken = [Taken(row["order_id"], row["charge_id"], row["amount_minor"]) for row in refused]
        if taken:
            await _send(tx, taken, refund_id, refused[0]["reason"], first=False)
        return True

    async def refund_amount(self, tx: Any, order_id: UUID, refund_id: UUID, amount: Money, reason: str) -> Claimed:
        """As `refund`, of an amount: what is left of it where that is less."""
        purse = await sources.hold(tx, order_id)
        if known := (await sources.standing(tx, [refund_id])).get(refund_id):
            return known
        return await _claim(tx, purse, refund_id, amount.minor, reason)

    async def standing(self, tx: Any, refund_ids: Sequence[UUID]) -> Mapping[UUID, Claimed]:
        """Where these refunds stand; unknown ones are left out."""
        return await sources.standing(tx, refund_ids)

    async def has_refunds(self, tx: Any, order_id: UUID, besides: Sequence[UUID]) -> bool:
        """Whether some of the order was given back, or is to be, otherwise than by these refunds; under its lock."""
        purse = await sources.hold(tx, order_id)
        return bool(await tx.value(BESIDES, [one.order_id for one in purse.payments], list(besides)))

    async def given_back(self, tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of which everything that was taken is back with the buyer."""
        return frozenset(row["order_id"] for row in await tx.all(payments.GIVEN_BACK, list(order_ids)))


async def claim_by_facts(tx: Tx, claim: RefundClaim) -> Claimed:
    """As `Refunds.refund`, of what the claim itself says was sold. What came to nothing once does so for good.

    Payers are held before payments, as by whoever opens or calls off a step of theirs.
    """
    came_to_nothing = await payers.hold(tx, claim.refund_id)
    instead = await _still_wanted(tx, claim.instead)
    purse = await sources.hold(tx, claim.order_id)
    if known := (await sources.standing(tx, [claim.refund_id])).get(claim.refund_id):
        return known
    if came_to_nothing:
        return Claimed(Money(0, purse.currency), "DONE")
    owed, lines = await goods.still_owed(tx, claim.order_id, claim.sold, claim.pieces)
    if claim.whole is not None and min(owed, purse.free.minor) != claim.whole.minor:
        return await sources.refuse(tx, claim.order_id, claim.refund_id, claim.whole, claim.reason)
    claimed = await _claim(tx, purse, claim.refund_id, owed, claim.reason, lines, instead)
    if not claimed.amount.minor and not planted("nothing_is_forgotten"):
        await payers.hold(tx, claim.refund_id, calls_off=True)
    return claimed


async def _still_wanted(tx: Tx, instead: Instead | None) -> Instead | None:
    """What was called off is paid by nobody: who calls it off later finds the credit and gives it back."""
    if instead is None:
        return None
    called_off = await payers.hold(tx, instead.order_id)
    return None if called_off and not planted("called_off_is_credited") else instead


async def give_back_credits(tx: Tx, order_id: UUID) -> None:
    """An order was called off: what others' charges had paid of it goes back to their cards, as far as it has not."""
    taken = await sources.hold_credits(tx, order_id)
    if taken and not planted("credit_kept"):
        await _send(tx, taken, new_id(), CALLED_OFF, first=True)
        tx.audit("payments.refund", str(order_id), amount_minor=sum(one.minor for one in taken))


async def _claim(
    tx: Tx,
    purse: Purse,
    refund_id: UUID,
    owed: int,
    reason: str,
    lines: Sequence[RefundLine] = (),
    instead: Instead | None = None,
) -> Claimed:
    minor = min(owed, purse.free.minor)
    if minor <= 0:
        return Claimed(Money(0, purse.currency), "DONE")
    credit, back = net(minor, instead.total.minor if instead else 0)
    to_cards = purse.take(back)
    if instead and credit:
        credited = purse.without(to_cards).take(credit)
        await sources.credit(tx, purse, credited, refund_id, reason, instead.order_id)
    await _send(tx, to_cards, refund_id, reason, first=not credit)
    if lines:
        await goods.note(tx, refund_id, lines)
    order_id = purse.payments[0].order_id
    tx.audit("payments.refund", str(order_id), refund_id=str(refund_id), amount_minor=minor, credited_minor=credit)
    return Claimed(Money(minor, purse.currency), "PENDING" if back else "DONE")


async def _send(tx: Tx, taken: Sequence[Taken], refund_id: UUID, reason: str, *, first: bool) -> None:
    """Have it carried to the cards that it came from."""
    if taken:
        ids = await sources.claim(tx, taken, refund_id, reason, first=first)
        sagas.begin(tx, REFUND_PAYMENT, ids, [tx.call] * len(ids))
