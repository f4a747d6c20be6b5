"""The SQL of coupon uses. Whoever changes them holds the promotions first, in the order of their ids."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.pricing._domain.redemptions import Limits, Taken
from tradewind.contracts.pricing import Redemption
from tradewind.runtime.database import Tx

HOLD: Final = """
    SELECT id FROM pricing.promotion
    WHERE id = ANY(ARRAY(SELECT promotion_id FROM pricing.coupon WHERE code = ANY($1::text[])))
    ORDER BY id FOR NO KEY UPDATE
"""
LIMITS: Final = """
    SELECT c.code, c.promotion_id, c.batch_id, c.max_uses, c.max_per_customer, c.uses,
        b.max_uses AS batch_max, coalesce(b.uses, 0) AS batch_uses,
        p.max_uses AS promotion_max, p.max_per_customer AS promotion_per_customer, p.uses AS promotion_uses
    FROM pricing.coupon AS c JOIN pricing.promotion AS p ON p.id = c.promotion_id
    LEFT JOIN pricing.coupon_batch AS b ON b.id = c.batch_id
    WHERE c.code = ANY($1::text[])
"""
TAKEN: Final = """
    SELECT customer_id, promotion_id, code, count(*) AS uses FROM pricing.redemption
    WHERE customer_id = ANY($1::text[]) AND promotion_id = ANY($2::uuid[]) AND returned_at IS NULL
    GROUP BY customer_id, promotion_id, code
"""
ADD: Final = """
    INSERT INTO pricing.redemption (order_id, customer_id, code, promotion_id)
    SELECT u.order_id, u.customer_id, u.code, c.promotion_id
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u (order_id, customer_id, code)
    JOIN pricing.coupon AS c ON c.code = u.code
"""
COUNT_CODES: Final = """
    UPDATE pricing.coupon AS c SET uses = c.uses + u.times
    FROM (SELECT code, count(*) * $2::int AS times FROM unnest($1::text[]) AS t (code) GROUP BY code) AS u
    WHERE c.code = u.code
"""
COUNT_BATCHES: Final = """
    UPDATE pricing.coupon_batch AS b SET uses = b.uses + u.times
    FROM (SELECT c.batch_id, count(*) * $2::int AS times FROM unnest($1::text[]) AS t (code)
        JOIN pricing.coupon AS c ON c.code = t.code GROUP BY c.batch_id) AS u
    WHERE b.id = u.batch_id
"""
COUNT_PROMOTIONS: Final = """
    UPDATE pricing.promotion AS p SET uses = p.uses + u.times
    FROM (SELECT c.promotion_id, count(*) * $2::int AS times FROM unnest($1::text[]) AS t (code)
        JOIN pricing.coupon AS c ON c.code = t.code GROUP BY c.promotion_id) AS u
    WHERE p.id = u.promotion_id
"""
HOLD_OF_ORDERS: Final = """
    SELECT id FROM pricing.promotion
    WHERE id = ANY(ARRAY(
        SELECT promotion_id FROM pricing.redemption WHERE order_id = ANY($1::uuid[]) AND returned_at IS NULL))
    ORDER BY id FOR NO KEY UPDATE
"""
GIVE_BACK: Final = """
    UPDATE pricing.redemption SET returned_at = $2 WHERE order_id = ANY($1::uuid[]) AND returned_at IS NULL
    RETURNING code
"""
CLAIM: Final = "UPDATE pricing.redemption SET customer_id = $2 WHERE order_id = $1"
MERGE: Final = "UPDATE pricing.redemption SET customer_id = $2 WHERE customer_id = $1"
OF_CUSTOMER: Final = """
    SELECT r.order_id, r.code, p.name AS promotion, r.redeemed_at, r.returned_at
    FROM pricing.redemption AS r JOIN pricing.promotion AS p ON p.id = r.promotion_id
    WHERE r.customer_id = $1 ORDER BY r.redeemed_at, r.code
"""
FORGET: Final = "UPDATE pricing.redemption SET customer_id = 'erased' WHERE customer_id = $1"


async def hold(tx: Tx, codes: Sequence[str]) -> Mapping[str, Limits]:
    """How often each code may be and was used; nobody else counts until the transaction ends."""
    await tx.run(HOLD, codes)
    return {row["code"]: Limits(**dict(row)) for row in await tx.all(LIMITS, codes)}


async def taken(tx: Tx, customers: Sequence[str], limits: Mapping[str, Limits]) -> Taken:
    """What these customers used already, where a limit asks for it."""
    promotions = sorted({one.promotion_id for one in limits.values() if one.asks_for_customers})
    if not promotions:
        return {}
    rows = await tx.all(TAKEN, customers, promotions)
    return {(row["customer_id"], row["promotion_id"], row["code"]): row["uses"] for row in rows}


def add(tx: Tx, granted: Sequence[Redemption]) -> None:
    """Write who used what, with the transaction's last statement."""
    uses = [(one.order_id, one.customer_id, code) for one in granted for code in sorted(set(one.coupons))]
    if uses:
        order_ids, customers, codes = map(list, zip(*uses, strict=True))
        tx.later(ADD, order_ids, customers, codes)
        _count(tx, codes, 1)


async def give_back(tx: Tx, order_ids: Sequence[UUID], at: datetime) -> int:
    """Let the uses of these orders count no more; how many did. Once given back, they are not given back again."""
    if not await tx.all(HOLD_OF_ORDERS, order_ids):
        return 0
    codes = [row["code"] for row in await tx.all(GIVE_BACK, order_ids, at)]
    if codes:
        _count(tx, codes, -1)
    return len(codes)


def _count(tx: Tx, codes: Sequence[Any], times: int) -> None:
    for statement in (COUNT_CODES, COUNT_BATCHES, COUNT_PROMOTIONS):
        tx.later(statement, codes, times)
