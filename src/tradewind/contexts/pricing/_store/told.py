"""The SQL of what was told last of each product's general price, and of what has to be looked at again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.pricing._store.layers import AMOUNT, LAYERS
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

NOTE: Final = """
    INSERT INTO pricing.told_price (sku, product_id, amount_minor, currency, told_at)
    SELECT u.sku, u.product_id, u.minor, u.currency, $5
    FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[]) AS u (sku, product_id, minor, currency)
    ON CONFLICT (sku) DO UPDATE SET amount_minor = excluded.amount_minor, currency = excluded.currency,
        product_id = excluded.product_id, told_at = excluded.told_at
"""
LOOK_AGAIN_IF_IN_A_BOOK: Final = """
    INSERT INTO pricing.price_due (sku) SELECT DISTINCT sku FROM pricing.price_book_entry WHERE sku = ANY($1::text[])
"""
HOLD: Final = """
    SELECT id FROM pricing.product_price_history WHERE sku = ANY($1::text[]) AND follows IS NULL
    ORDER BY product_id FOR NO KEY UPDATE
"""
UNTOLD: Final = f"""
    SELECT p.sku, p.product_id, p.currency, {AMOUNT} AS amount_minor,
        t.amount_minor AS told_minor, t.currency AS told_currency
    FROM pricing.product_price_history AS p LEFT JOIN pricing.told_price AS t ON t.sku = p.sku
    {LAYERS}
    WHERE p.sku = ANY($2::text[]) AND p.valid_to IS NULL
      AND (t.amount_minor, t.currency) IS DISTINCT FROM ({AMOUNT}, p.currency)
    ORDER BY p.sku
"""  # noqa: S608 -- the pieces are constants
IS_SOMETHING_DUE: Final = """
    SELECT EXISTS (SELECT FROM pricing.price_due)
        OR EXISTS (SELECT FROM pricing.price_book_version
            WHERE state = 'ACTIVE' AND valid_from > seen.until AND valid_from <= $1)
        OR EXISTS (SELECT FROM pricing.price_book_version
            WHERE state = 'ACTIVE' AND valid_to > seen.until AND valid_to <= $1)
        OR EXISTS (SELECT FROM pricing.price_override AS o
            WHERE o.ended_at IS NULL AND o.until > seen.until AND o.until <= $1)
    FROM pricing.windows_seen AS seen
"""
HOLD_SEEN: Final = "SELECT until FROM pricing.windows_seen FOR NO KEY UPDATE"
NOTICE: Final = """
    INSERT INTO pricing.price_due (sku)
    SELECT e.sku FROM pricing.price_book_version AS v
        JOIN pricing.price_book_entry AS e ON e.book_id = v.book_id AND e.number = v.number
        WHERE v.state = 'ACTIVE'
          AND ((v.valid_from > $1 AND v.valid_from <= $2) OR (v.valid_to > $1 AND v.valid_to <= $2))
    UNION
    SELECT sku FROM pricing.price_override WHERE ended_at IS NULL AND until > $1 AND until <= $2
"""
SEEN: Final = "UPDATE pricing.windows_seen SET until = greatest(until, $1)"
TAKE: Final = """
    DELETE FROM pricing.price_due WHERE id = ANY(ARRAY(
        SELECT id FROM pricing.price_due ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING sku
"""


def note(tx: Tx, rows: Sequence[tuple[str, UUID, Money]], at: datetime) -> None:
    """These prices are told with this transaction; each product once."""
    skus, product_ids, prices = zip(*rows, strict=True)
    minors, currencies = [price.minor for price in prices], [price.currency for price in prices]
    tx.later(NOTE, list(skus), list(product_ids), minors, currencies, at)


def look_again_if_in_a_book(tx: Tx, skus: Sequence[str]) -> None:
    """Let the timer look, after this commit, whether a price book says something else of these."""
    tx.later(LOOK_AGAIN_IF_IN_A_BOOK, list(skus))


async def untold(tx: Tx, skus: Sequence[str], at: datetime) -> Sequence[Any]:
    """Those of `skus` whose general price is another one than was told; nobody changes it until the commit."""
    await tx.run(HOLD, skus)
    return await tx.all(UNTOLD, at, skus)


async def take_due(tx: Tx, at: datetime, limit: int) -> list[str]:
    """At most `limit` SKUs to look at again, those whose windows began or ended up to `at` among them."""
    if not await tx.value(IS_SOMETHING_DUE, at):
        return []
    seen = await tx.value(HOLD_SEEN)
    if seen < at:
        await tx.run(NOTICE, seen, at)
        await tx.run(SEEN, at)
    return sorted({row["sku"] for row in await tx.all(TAKE, limit)})
