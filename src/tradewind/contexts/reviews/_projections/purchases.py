"""Who has paid for what, so that a review can say that its author bought the thing."""

from collections.abc import Sequence
from typing import Final, TypeAlias, assert_never
from uuid import UUID

from tradewind.contexts.reviews._store import reviews
from tradewind.contracts.orders import OrderCancelled, OrderClaimed, OrderPaid, OrderPlaced
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

OPEN: Final = """
    INSERT INTO reviews.purchase (order_id, product_id, user_id)
    SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) ON CONFLICT DO NOTHING
"""
PAID: Final = """
    UPDATE reviews.purchase SET paid = true WHERE order_id = ANY($1::uuid[]) AND NOT paid
    RETURNING user_id, product_id
"""
CLAIMED: Final = """
    WITH claimed AS (UPDATE reviews.purchase SET user_id = $2 WHERE order_id = $1 RETURNING *)
    SELECT user_id, product_id FROM claimed WHERE paid
"""
OFF: Final = "DELETE FROM reviews.purchase WHERE order_id = ANY($1::uuid[])"
OrderEvent: TypeAlias = OrderPlaced | OrderPaid | OrderClaimed | OrderCancelled


@subscriber
async def purchases(events: Sequence[OrderEvent], tx: Tx) -> None:
    """Few statements however many orders there are: of one order, placed comes before paid before canceled."""
    placed, paid, off = list[OrderPlaced](), list[OrderPaid](), list[OrderCancelled]()
    claimed = list[OrderClaimed]()
    for event in events:
        match event:
            case OrderPlaced():
                placed.append(event)
            case OrderPaid():
                paid.append(event)
            case OrderClaimed():
                claimed.append(event)
            case OrderCancelled():
                off.append(event)
            case _:
                assert_never(event)
    rows = [(e.order_id, item.product_id, e.user_id) for e in placed for item in e.items if item.product_id]
    if rows:
        await tx.run(OPEN, *(list(column) for column in zip(*rows, strict=True)))
    bought = [row for claim in claimed for row in await tx.all(CLAIMED, claim.order_id, claim.user_id)]
    if paid:
        bought += await tx.all(PAID, [event.order_id for event in paid])
    await _verify([(row["user_id"], row["product_id"]) for row in bought], tx)
    if off:
        await tx.run(OFF, [event.order_id for event in off])


async def _verify(bought: Sequence[tuple[str, UUID]], tx: Tx) -> None:
    """Who was quicker to review than their payment was to be heard of is a verified buyer all the same."""
    if not bought:
        return
    await reviews.hold(tx, [user_id for user_id, _ in bought])
    for review in await reviews.unverified(tx, bought):
        verified, told = review.verify()
        await reviews.write(tx, verified)
        tx.tell(*told)
