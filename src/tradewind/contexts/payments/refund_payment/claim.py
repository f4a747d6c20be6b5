"""Refunds that other contexts ask for, within their own transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tradewind.contexts.payments._store import payments
from tradewind.contexts.payments.refund_payment import goods
from tradewind.contexts.payments.refund_payment.command import (
    CLAIM,
    CLAIMED,
    FIND,
    REFUND_PAYMENT,
    NoSuchPayment,
)
from tradewind.contracts.payments import Claimed
from tradewind.kernel.money import Money
from tradewind.runtime.saga import store as sagas


class Refunds:
    """Answers to RefundsPeer."""

    async def refund(self, tx: Any, order_id: UUID, refund_id: UUID, pieces: Mapping[str, int], reason: str) -> Claimed:
        """Claim under the payment's lock, never more than is left; whoever asks was authorized by its own action."""
        payment = (await payments.lock(tx, [order_id])).get(order_id)
        if payment is None:
            raise NoSuchPayment(orderId=str(order_id))
        if known := await tx.all(FIND, [refund_id]):
            return Claimed(Money(known[0]["amount_minor"], payment.amount.currency), known[0]["status"])
        free = payment.left.minor - await tx.value(CLAIMED, order_id)
        owed, lines = await goods.still_owed(tx, order_id, pieces)
        minor = min(owed, free)
        if minor <= 0:
            return Claimed(Money(0, payment.amount.currency), "DONE")
        await tx.run(CLAIM, refund_id, order_id, minor, reason)
        await goods.note(tx, refund_id, lines)
        sagas.begin(tx, REFUND_PAYMENT, [refund_id], [tx.call])
        tx.audit("payments.refund", str(order_id), refund_id=str(refund_id), amount_minor=minor)
        return Claimed(Money(minor, payment.amount.currency), "PENDING")
