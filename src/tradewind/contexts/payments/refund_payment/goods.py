"""What goods of an order are worth when they are given back: their share of what was paid, exact over all parts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.orders import Sold, SoldPeer
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.runtime.database import Tx

RETURNED: Final = """
    SELECT l.sku, sum(l.pieces)::bigint AS pieces
    FROM payments.refund AS r JOIN payments.refund_line AS l ON l.refund_id = r.id
    WHERE r.order_id IN (SELECT order_id FROM payments.payments WHERE order_id = $1 OR part_of = $1)
      AND r.status <> 'REFUSED' GROUP BY l.sku
"""
NOTE: Final = """
    INSERT INTO payments.refund_line (refund_id, sku, pieces)
    SELECT $1, * FROM unnest($2::text[], $3::int[])
"""


class UnfitLines(Invalid):
    """Goods that are not of this order, or no pieces of them."""


class RefundedAlready(Conflict):
    """More pieces than were bought and have not been refunded."""


class NotHeardYet(Conflict):
    """What the order is of now is just being told, and not known here yet; try again in a minute. Nothing was done."""


class RefundLine(Struct, frozen=True):
    """So many pieces of one product."""

    sku: str
    qty: int


async def price(tx: Tx, order_id: UUID, lines: Sequence[RefundLine]) -> int:
    """What these goods are worth in minor units, where so many are left. The caller holds the payment's lock."""
    bought, before = await sold_as(tx, order_id), await _before(tx, order_id)
    sold = _pieces(bought)
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


async def still_owed(tx: Tx, order_id: UUID, bought: Sold, pieces: Mapping[str, int]) -> tuple[int, list[RefundLine]]:
    """What those of `pieces` are worth that have not been refunded before, in minor units, and which they are."""
    before = await _before(tx, order_id)
    open_ = _pieces(bought) - before
    fresh = Counter({sku: min(many, open_[sku]) for sku, many in pieces.items() if min(many, open_[sku]) > 0})
    return worth(bought, before + fresh) - worth(bought, before), [RefundLine(*one) for one in fresh.items()]


async def sold_as(tx: Tx, order_id: UUID) -> Sold:
    """What the order is of and what it came to, as is known within this transaction; refuses with NotHeardYet."""
    sold = await tx.peer(SoldPeer).sold(tx, order_id)
    if sold is None:
        raise NotHeardYet(orderId=str(order_id))
    return sold


async def _before(tx: Tx, order_id: UUID) -> Counter[str]:
    return Counter({row["sku"]: row["pieces"] for row in await tx.all(RETURNED, order_id)})


def _pieces(bought: Sold) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in bought.lines:
        found[line.sku] += line.quantity
    return found


async def note(tx: Tx, refund_id: UUID, lines: Sequence[RefundLine]) -> None:
    """Write which goods the refund is of."""
    asked: Counter[str] = Counter()
    for line in lines:
        asked[line.sku] += line.qty
    await tx.run(NOTE, refund_id, list(asked), list(asked.values()))


def worth(bought: Sold, pieces: Mapping[str, int]) -> int:
    """What was paid for so many pieces: their price with their part of tax and discount, in minor units.

    Carriage and fees stay paid. Parts are cut from the whole by what has come back so far, so that however often
    something comes back, the parts add up to the cent.
    """
    paid, whole = max(0, bought.items.minor + bought.tax.minor - bought.discount.minor), bought.items.minor
    return (2 * paid * _price(bought, pieces) + whole) // (2 * whole) if whole else 0


def _price(bought: Sold, pieces: Mapping[str, int]) -> int:
    left, minor = Counter(pieces), 0
    for line in bought.lines:
        taken = min(left[line.sku], line.quantity)
        left[line.sku] -= taken
        minor += line.unit_price.minor * taken
    return minor
