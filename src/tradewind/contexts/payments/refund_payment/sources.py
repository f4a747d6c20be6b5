"""Where the money of a refund comes from: the order's payment, those of its parts, others' charges, or several."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from tradewind.contexts.payments._domain.purse import Credit, Purse, Taken
from tradewind.contexts.payments._store import payments, prepaid
from tradewind.contracts.payments import Claimed
from tradewind.kernel.errors import NotFound
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

HOLD: Final = """
    SELECT *, order_id = $1 OR part_of = $1 AS own FROM payments.payments
    WHERE order_id = ANY(ARRAY(SELECT $1 UNION ALL SELECT order_id FROM payments.payments WHERE part_of = $1
                               UNION ALL SELECT charge_id FROM payments.credit WHERE order_id = $1))
    ORDER BY order_id FOR UPDATE
"""
"""Each of the three is looked up in its own index: by OR all payments there are would be read. An array, not a join: of
a row that changed while it was waited for, Postgres looks at the condition again, and joins it with nothing anew."""
PENDING: Final = """
    SELECT order_id, coalesce(charge_id, order_id) AS charge_id, sum(amount_minor)::bigint AS minor FROM payments.refund
    WHERE order_id = ANY($1::uuid[]) AND status = 'PENDING' GROUP BY 1, 2
"""
CLAIM: Final = """
    INSERT INTO payments.refund (id, order_id, charge_id, amount_minor, reason, part_of)
    SELECT u.id, u.order_id, u.charge_id, u.minor, $5, NULLIF($6, u.id)
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS u (id, order_id, charge_id, minor)
"""
CREDIT: Final = """
    INSERT INTO payments.refund (id, order_id, amount_minor, reason, part_of, status, credited_to)
    SELECT u.id, u.order_id, u.minor, $4, NULLIF($5, u.id), 'DONE', $6
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS u (id, order_id, minor)
"""
REFUSE: Final = """
    INSERT INTO payments.refund (id, order_id, amount_minor, reason, status, why) VALUES ($1, $2, $3, $4, 'REFUSED', $5)
"""
STANDING: Final = """
    SELECT coalesce(r.part_of, r.id) AS id, sum(r.amount_minor)::bigint AS minor, min(p.currency) AS currency,
           CASE WHEN bool_or(r.status = 'PENDING') THEN 'PENDING' WHEN bool_and(r.status = 'DONE') THEN 'DONE'
                WHEN bool_and(r.status = 'REFUSED') THEN 'REFUSED' ELSE 'PARTLY' END AS status
    FROM payments.refund AS r JOIN payments.payments AS p ON p.order_id = coalesce(r.charge_id, r.order_id)
    WHERE r.id = ANY($1::uuid[]) OR r.part_of = ANY($1::uuid[]) GROUP BY 1
"""

LESS_IS_LEFT: Final = "less is left of what was paid"


class NoSuchPayment(NotFound):
    """This order has no payment."""


async def hold(tx: Tx, order_id: UUID) -> Purse:
    """What was paid, held until the end of the transaction; refuses with NoSuchPayment."""
    found = [payments.payment_of(row) for row in await tx.all(HOLD, order_id) if row["own"]]
    if not found:
        raise NoSuchPayment(orderId=str(order_id))
    own = sorted(found, key=lambda one: one.part_of is not None)
    lent = await prepaid.of(tx, order_id) if own[0].prepaid else []
    return Purse(own, lent, await _pending(tx, [one.order_id for one in own]))


async def hold_credits(tx: Tx, order_id: UUID) -> list[Taken]:
    """What is left of an order's credits and not promised back, whether it was ever paid or not; its charges held."""
    await tx.all(HOLD, order_id)
    found: Sequence[Credit] = await prepaid.of(tx, order_id)
    pending = await _pending(tx, [order_id])
    left = [Taken(order_id, one.charge_id, one.left - pending.get((order_id, one.charge_id), 0)) for one in found]
    return [one for one in left if one.minor > 0]


async def _pending(tx: Tx, order_ids: Sequence[UUID]) -> Mapping[tuple[UUID, UUID], int]:
    return {(row["order_id"], row["charge_id"]): row["minor"] for row in await tx.all(PENDING, order_ids)}


async def claim(tx: Tx, taken: Sequence[Taken], whole: UUID, reason: str, *, first: bool = True) -> list[UUID]:
    """Promise it back; the refunds that it becomes. All are parts of `whole`, whose id the `first` of them has."""
    ids = [whole if first and not number else new_id() for number in range(len(taken))]
    charges = [one.charge_id if one.by_credit else None for one in taken]
    minors = [one.minor for one in taken]
    await tx.run(CLAIM, ids, [one.order_id for one in taken], charges, minors, reason, whole)
    return ids


async def credit(tx: Tx, purse: Purse, taken: Sequence[Taken], whole: UUID, reason: str, order_id: UUID) -> None:
    """Have it pay for this order: it is back at once, to no card. The first of its parts has the id of `whole`."""
    parts: dict[UUID, int] = {}
    for one in taken:
        parts[one.order_id] = parts.get(one.order_id, 0) + one.minor
    ids = [whole, *(new_id() for _ in range(len(parts) - 1))]
    await tx.run(CREDIT, ids, list(parts), list(parts.values()), reason, whole, order_id)
    await prepaid.give(tx, order_id, taken)
    back = [one for one in purse.payments if one.order_id in parts]
    booked = [
        one.refund(Money(minor, purse.currency), reason, whole, elsewhere=minor, credited_to=order_id)
        for one in back
        if (minor := parts[one.order_id])
    ]
    payments.save(tx, [payment for payment, _ in booked])
    tx.tell(*(event for _, event in booked))


async def refuse(tx: Tx, order_id: UUID, refund_id: UUID, amount: Money, reason: str) -> Claimed:
    """Write down that this refund is not to be: less is left than that."""
    await tx.run(REFUSE, refund_id, order_id, amount.minor, reason, LESS_IS_LEFT)
    return Claimed(amount, "REFUSED")


async def standing(tx: Tx, refund_ids: Sequence[UUID]) -> dict[UUID, Claimed]:
    """Where these refunds stand, all parts together. PARTLY: of some parts the provider said no."""
    rows = await tx.all(STANDING, refund_ids)
    return {row["id"]: Claimed(Money(row["minor"], row["currency"]), row["status"]) for row in rows}
