"""What goods of an order are worth when they are given back: their share of what was paid, exact over all parts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.orders import Bought, OrdersPeer
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.runtime.database import Tx

RETURNED: Final = """
    SELECT l.sku, sum(l.pieces)::bigint AS pieces
    FROM payments.refund AS r JOIN payments.refund_line AS l ON l.refund_id = r.id
    WHERE r.order_id = $1 AND r.status <> 'REFUSED' GROUP BY l.sku
"""
NOTE: Final = """
    INSERT INTO payments.refund_line (refund_id, sku, pieces)
    SELECT $1, * FROM unnest($2::text[], $3::int[])
"""


class UnfitLines(Invalid):
    """Goods that are not of this order, or no pieces of them."""


class RefundedAlready(Conflict):
    """More pieces than were bought and have not been refunded."""


class RefundLine(Struct, frozen=True):
    """So many pieces of one product."""

    sku: str
    qty: int


async def price(tx: Tx, order_id: UUID, lines: Sequence[RefundLine]) -> int:
    """What these goods are worth in minor units, where so many are left. The caller holds the payment's lock."""
    bought = await tx.peer(OrdersPeer).bought(tx, order_id)
    assert bought is not None, "what was paid for is an order"
    sold: Counter[str] = Counter()
    for one in bought.lines:
        sold[one.sku] += one.quantity
    before: Counter[str] = Counter({row["sku"]: row["pieces"] for row in await tx.all(RETURNED, order_id)})
    asked: Counter[str] = Counter()
    for line in lines:
        if line.sku not in sold or line.qty <= 0:
            raise UnfitLines("Name goods of the order, and how many.", sku=line.sku, qty=line.qty)
        asked[line.sku] += line.qty
    for sku, pieces in asked.items():
        left = sold[sku] - before[sku]
        if pieces > left:
            raise RefundedAlready("So many are not left to be refunded.", sku=sku, left=left)
    return worth(bought, before + asked) - worth(bought, before)


async def note(tx: Tx, refund_id: UUID, lines: Sequence[RefundLine]) -> None:
    """Write which goods the refund is of."""
    asked: Counter[str] = Counter()
    for line in lines:
        asked[line.sku] += line.qty
    await tx.run(NOTE, refund_id, list(asked), list(asked.values()))


def worth(bought: Bought, pieces: Mapping[str, int]) -> int:
    """The share of what was paid that so many pieces have, in minor units, rounded down: all of them have it all."""
    cost: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    for line in bought.lines:
        cost[line.sku] += line.unit_price.minor * line.quantity
        sold[line.sku] += line.quantity
    paid = max(0, bought.items.minor + bought.tax.minor - bought.discount.minor)
    part = sum((Fraction(cost[sku] * n, sold[sku]) for sku, n in pieces.items()), Fraction(0))
    return int(paid * part / bought.items.minor) if bought.items.minor else 0
