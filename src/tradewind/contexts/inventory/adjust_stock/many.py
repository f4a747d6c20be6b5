"""Book many deliveries at once: for feeds. Five statements, however many there are."""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import check
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
    SELECT u.id, u.sku, u.delta, $5, $6, u.reference
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[]) AS u (id, sku, delta, reference)
"""


async def receive(tx: Tx, deliveries: Sequence[Delivery], *, reason: str) -> int:
    """Book what came, each SKU named once, and leave out what has a reference that is booked already; how many were.

    Refuses with InvalidAdjustment. Tells StockAdjusted for each.
    """
    for one in deliveries:
        check(one.sku, one.quantity, reason)
    await stock.open_all(tx, {one.sku: one.product_id for one in deliveries})
    held = {row["sku"]: stock.from_row(row) for row in await tx.all(HOLD_ALL, [one.sku for one in deliveries])}
    known = {row["reference"] for row in await tx.all(REFERENCES, [one.reference for one in deliveries])}
    fresh = [one for one in deliveries if one.reference not in known]
    if not fresh:
        return 0
    stock.move(tx, [Movement(one.sku, one.quantity, 0) for one in fresh])
    rows = [(new_id(), one.sku, one.quantity, one.reference) for one in fresh]
    tx.later(NOTE_ALL, *map(list, zip(*rows, strict=True)), reason, tx.call.actor.subject)
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
