"""Book many changes at once: for feeds and sensors. As many statements for a thousand as for one."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import Stock, check
from tradewind.contexts.inventory._store import stock
from tradewind.contracts.inventory import Delivery, StockAdjusted
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx

HOLD_ALL: Final = """
    SELECT sku, product_id, on_hand, reserved, low_threshold FROM inventory.inventory_stock
    WHERE sku = ANY($1::text[]) ORDER BY sku FOR NO KEY UPDATE
"""
REFERENCES: Final = "SELECT reference FROM inventory.inventory_adjustment WHERE reference = ANY($1::text[])"
NOTE_ALL: Final = """
    INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor, reference)
    SELECT u.id, u.sku, u.delta, u.reason, $6, u.reference
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[]) AS u (id, sku, delta, reason, reference)
"""


class Change(NamedTuple):
    """So many pieces came, or went. What has a reference is booked once."""

    sku: str
    delta: int
    reason: str
    reference: str | None = None


async def receive(tx: Tx, deliveries: Sequence[Delivery], *, reason: str) -> int:
    """Book what came, each SKU named once, and leave out what has a reference that is booked already; how many were.

    Refuses with InvalidAdjustment. Tells StockAdjusted for each.
    """
    for one in deliveries:
        check(one.sku, one.quantity, reason)
    await stock.open_all(tx, {one.sku: one.product_id for one in deliveries})
    held = await hold_all(tx, [one.sku for one in deliveries])
    known = {row["reference"] for row in await tx.all(REFERENCES, [one.reference for one in deliveries])}
    fresh = [one for one in deliveries if one.reference not in known]
    if not fresh:
        return 0
    change_all(tx, [Change(one.sku, one.quantity, reason, one.reference) for one in fresh])
    for one in fresh:
        after = held[one.sku].adjusted(one.quantity)
        tx.tell(
            StockAdjusted(
                product_id=after.product_id,
                sku=after.sku,
                delta=one.quantity,
                on_hand=after.on_hand,
                reserved=after.reserved,
                reason=reason,
            )
        )
    return len(fresh)


async def hold_all(tx: Tx, skus: Iterable[str]) -> dict[str, Stock]:
    """The stock of each SKU that has one; nobody else changes them until the transaction ends."""
    return {row["sku"]: stock.from_row(row) for row in await tx.all(HOLD_ALL, sorted(skus))}


def change_all(tx: Tx, changes: Sequence[Change]) -> None:
    """Move the stock, which must be held, by all changes of each SKU, and put every change into the ledger."""
    sums: dict[str, int] = {}
    for one in changes:
        sums[one.sku] = sums.get(one.sku, 0) + one.delta
    stock.move(tx, [Movement(sku, delta, 0) for sku, delta in sorted(sums.items())])
    rows = [(new_id(), *one) for one in changes]
    tx.later(NOTE_ALL, *map(list, zip(*rows, strict=True)), tx.call.actor.subject)
