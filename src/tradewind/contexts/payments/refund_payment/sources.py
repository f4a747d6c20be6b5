"""Where the money of a refund comes from: the order's payment, those of its parts, or several of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.payments._domain.payment import Payment
from tradewind.contexts.payments._store import payments
from tradewind.contracts.payments import Claimed
from tradewind.kernel.errors import NotFound
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

PENDING: Final = """
    SELECT order_id, sum(amount_minor)::bigint AS minor FROM payments.refund
    WHERE order_id = ANY($1::uuid[]) AND status = 'PENDING' GROUP BY order_id
"""
CLAIM: Final = """
    INSERT INTO payments.refund (id, order_id, amount_minor, reason, part_of)
    SELECT u.id, u.order_id, u.minor, $4, u.part_of
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $5::uuid[]) AS u (id, order_id, minor, part_of)
"""
STANDING: Final = """
    SELECT coalesce(r.part_of, r.id) AS id, sum(r.amount_minor)::bigint AS minor, min(p.currency) AS currency,
           CASE WHEN bool_or(r.status = 'PENDING') THEN 'PENDING' WHEN bool_and(r.status = 'DONE') THEN 'DONE'
                WHEN bool_and(r.status = 'REFUSED') THEN 'REFUSED' ELSE 'PARTLY' END AS status
    FROM payments.refund AS r JOIN payments.payments AS p ON p.order_id = r.order_id
    WHERE r.id = ANY($1::uuid[]) OR r.part_of = ANY($1::uuid[]) GROUP BY 1
"""


class NoSuchPayment(NotFound):
    """This order has no payment."""


class Purse(Struct, frozen=True):
    """What was paid for an order, its own payment first; `claimed`: what is promised back already, by payment."""

    payments: Sequence[Payment]
    claimed: Mapping[UUID, int]

    @property
    def currency(self) -> str:
        """That of all its payments."""
        return self.payments[0].amount.currency

    @property
    def free(self) -> Money:
        """What was taken, has not gone back and is not promised back."""
        return Money(sum(self._left(one) for one in self.payments), self.currency)

    def take(self, minor: int) -> dict[UUID, int]:
        """From which payments so much comes: from one where one has it, else from one after the other."""
        whole = next((one for one in self.payments if self._left(one) >= minor), None)
        if whole is not None:
            return {whole.order_id: minor}
        taken: dict[UUID, int] = {}
        for one in self.payments:
            if part := min(self._left(one), minor - sum(taken.values())):
                taken[one.order_id] = part
        return taken

    def _left(self, payment: Payment) -> int:
        return payment.left.minor - self.claimed.get(payment.order_id, 0)


async def hold(tx: Tx, order_id: UUID) -> Purse:
    """What was paid, held until the end of the transaction; refuses with NoSuchPayment."""
    found = (await payments.lock_whole(tx, [order_id])).get(order_id)
    if found is None:
        raise NoSuchPayment(orderId=str(order_id))
    pending = {row["order_id"]: row["minor"] for row in await tx.all(PENDING, [one.order_id for one in found])}
    return Purse(found, pending)


async def claim(tx: Tx, purse: Purse, refund_id: UUID, minor: int, reason: str) -> list[UUID]:
    """Promise so much back; the refunds that it becomes. The first one is `refund_id`, the others are parts of it."""
    taken = purse.take(minor)
    ids = [refund_id, *(new_id() for _ in range(len(taken) - 1))]
    wholes: list[Any] = [None, *([refund_id] * (len(taken) - 1))]
    await tx.run(CLAIM, ids, list(taken), list(taken.values()), reason, wholes)
    return ids


async def standing(tx: Tx, refund_ids: Sequence[UUID]) -> dict[UUID, Claimed]:
    """Where these refunds stand, all parts together. PARTLY: of some parts the provider said no."""
    rows = await tx.all(STANDING, refund_ids)
    return {row["id"]: Claimed(Money(row["minor"], row["currency"]), row["status"]) for row in rows}
