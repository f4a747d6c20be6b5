"""Refunds that other contexts ask for, within their own transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.payments._store import payments
from tradewind.contexts.payments.refund_payment import goods, sources
from tradewind.contexts.payments.refund_payment.command import REFUND_PAYMENT
from tradewind.contexts.payments.refund_payment.goods import RefundLine
from tradewind.contexts.payments.refund_payment.sources import Purse
from tradewind.contracts.payments import Claimed
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas

BESIDES: Final = """
    SELECT EXISTS (SELECT FROM payments.refund WHERE order_id = ANY($1::uuid[]) AND status <> 'REFUSED'
                   AND coalesce(part_of, id) <> ALL($2::uuid[]))
"""


class Refunds:
    """Answers to RefundsPeer. Whoever asks was authorized by its own action."""

    async def refund(self, tx: Any, order_id: UUID, refund_id: UUID, pieces: Mapping[str, int], reason: str) -> Claimed:
        """Claim under the payment's lock, never more than is left."""
        purse = await sources.hold(tx, order_id)
        if known := (await sources.standing(tx, [refund_id])).get(refund_id):
            return known
        owed, lines = await goods.still_owed(tx, order_id, pieces)
        return await _claim(tx, purse, refund_id, owed, reason, lines)

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


async def _claim(
    tx: Tx, purse: Purse, refund_id: UUID, owed: int, reason: str, lines: Sequence[RefundLine] = ()
) -> Claimed:
    minor = min(owed, purse.free.minor)
    if minor <= 0:
        return Claimed(Money(0, purse.currency), "DONE")
    ids = await sources.claim(tx, purse, refund_id, minor, reason)
    if lines:
        await goods.note(tx, refund_id, lines)
    sagas.begin(tx, REFUND_PAYMENT, ids, [tx.call] * len(ids))
    order_id = purse.payments[0].order_id
    tx.audit("payments.refund", str(order_id), refund_id=str(refund_id), amount_minor=minor)
    return Claimed(Money(minor, purse.currency), "PENDING")
