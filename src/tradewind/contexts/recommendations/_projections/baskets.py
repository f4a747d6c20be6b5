"""What is bought together, kept order by order: a paid order counts once, one that is called off no longer."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, permutations
from typing import Final, TypeAlias
from uuid import UUID

from tradewind.contracts.orders import OrderCancelled, OrderClaimed, OrderPaid, OrderPlaced
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

MAX_BASKET: Final = 30
"""Products of one order that are paired; who buys a whole shelf says little about what goes together."""
OPEN: Final = """
    INSERT INTO recommendations.basket (order_id, product_id, user_id)
    SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) ON CONFLICT DO NOTHING
"""
COUNT: Final = """
    WITH now_counted AS (
        UPDATE recommendations.basket SET counted = $2 WHERE order_id = ANY($1::uuid[]) AND counted <> $2
        RETURNING order_id, product_id)
    SELECT order_id, product_id FROM now_counted ORDER BY order_id, product_id
"""
CLAIM: Final = "UPDATE recommendations.basket SET user_id = $2 WHERE order_id = $1"
BOUGHT: Final = """
    UPDATE recommendations.product AS p SET bought = greatest(0, p.bought + u.by)
    FROM unnest($1::uuid[], $2::int[]) AS u (product_id, by) WHERE p.product_id = u.product_id
"""
PAIR: Final = """
    INSERT INTO recommendations.pair AS p (product_id, other_id, together)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[])
    ON CONFLICT (product_id, other_id) DO UPDATE SET together = p.together + EXCLUDED.together
"""
UNPAIR: Final = """
    UPDATE recommendations.pair AS p SET together = greatest(0, p.together - u.by)
    FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS u (product_id, other_id, by)
    WHERE p.product_id = u.product_id AND p.other_id = u.other_id
"""
OrderEvent: TypeAlias = OrderPlaced | OrderPaid | OrderClaimed | OrderCancelled


@subscriber
async def baskets(events: Sequence[OrderEvent], tx: Tx) -> None:
    """Placed, paid, called off: of one order always in this sequence, so that the kinds may be taken one by one."""
    placed = [e for e in events if isinstance(e, OrderPlaced)]
    rows = [(e.order_id, item.product_id, e.user_id) for e in placed for item in e.items if item.product_id]
    if rows:
        await tx.run(OPEN, *(list(column) for column in zip(*rows, strict=True)))
    for event in events:
        if isinstance(event, OrderClaimed):
            await tx.run(CLAIM, event.order_id, event.user_id)
    await _count([e.order_id for e in events if isinstance(e, OrderPaid)], tx, counted=True)
    await _count([e.order_id for e in events if isinstance(e, OrderCancelled)], tx, counted=False)


async def _count(order_ids: Sequence[UUID], tx: Tx, *, counted: bool) -> None:
    if not order_ids:
        return
    changed = await tx.all(COUNT, order_ids, counted)
    held = [[row["product_id"] for row in rows] for _, rows in groupby(changed, key=lambda row: row["order_id"])]
    bought = Counter(product_id for products in held for product_id in products)
    sign = 1 if counted else -1
    await tx.run(BOUGHT, list(bought), [sign * many for many in bought.values()])
    pairs = Counter(pair for products in held for pair in permutations(products[:MAX_BASKET], 2))
    if pairs:
        await tx.run(PAIR if counted else UNPAIR, *_columns(sorted(pairs.items())))


def _columns(pairs: Iterable[tuple[tuple[UUID, UUID], int]]) -> tuple[list[UUID], list[UUID], list[int]]:
    rows = [(one, other, many) for (one, other), many in pairs]
    return [one for one, _, _ in rows], [other for _, other, _ in rows], [many for _, _, many in rows]
