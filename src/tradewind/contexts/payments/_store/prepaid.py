"""The SQL of payments.credit: what of an order was paid by others' charges."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from tradewind.contexts.payments._domain.purse import Credit, Taken
from tradewind.runtime.database import Tx

OF: Final = "SELECT * FROM payments.credit WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, charge_id"
LEFT: Final = """
    SELECT order_id, sum(left_minor)::bigint AS minor FROM payments.credit
    WHERE order_id = ANY($1::uuid[]) GROUP BY order_id
"""
GIVE: Final = """
    INSERT INTO payments.credit (order_id, charge_id, amount_minor, left_minor)
    SELECT $1, c, sum(m), sum(m) FROM unnest($2::uuid[], $3::bigint[]) AS u (c, m) GROUP BY c
"""
SPEND: Final = """
    UPDATE payments.credit SET left_minor = left_minor - $3 WHERE order_id = $1 AND charge_id = $2
"""


async def of(tx: Tx, order_id: UUID) -> list[Credit]:
    """The credits of an order. Whoever counts on them holds the charges that they are of."""
    return [
        Credit(row["order_id"], row["charge_id"], row["amount_minor"], row["left_minor"])
        for row in await tx.all(OF, [order_id])
    ]


async def left(tx: Tx, order_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """What is left of all credits of each of these orders, where there are any."""
    return {row["order_id"]: row["minor"] for row in await tx.all(LEFT, list(order_ids))}


async def give(tx: Tx, order_id: UUID, taken: Sequence[Taken]) -> None:
    """What was taken pays for this order; credits that are passed on are spent by whom they were of."""
    await tx.run(GIVE, order_id, [one.charge_id for one in taken], [one.minor for one in taken])
    for one in taken:
        if one.by_credit:
            await spend(tx, one.order_id, one.charge_id, one.minor)


async def spend(tx: Tx, order_id: UUID, charge_id: UUID, minor: int) -> None:
    """So much of a credit is passed on, or back on the card that it came from."""
    await tx.run(SPEND, order_id, charge_id, minor)
