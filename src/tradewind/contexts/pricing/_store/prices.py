"""The SQL of pricing.product_price_history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.pricing._domain.price import Current
from tradewind.contexts.pricing._store.layers import ABOVE_LIST, LAYERS, ON_SALE, SALE
from tradewind.contracts.pricing import Price
from tradewind.kernel import clock
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

COUNTING: Final = f"""
    SELECT p.sku, p.product_id, {ON_SALE} AS amount_minor, p.currency, s.sale_id
    FROM unnest($2::text[]) AS wanted (sku) CROSS JOIN LATERAL (
        SELECT sku, product_id, amount_minor, currency FROM pricing.product_price_history
        WHERE sku = wanted.sku AND valid_to IS NULL LIMIT 1) AS p
    {SALE} {LAYERS}
    WHERE NOT EXISTS (SELECT FROM pricing.withheld AS w WHERE w.product_id = p.product_id)
    UNION ALL
    SELECT p.sku, p.product_id, {ON_SALE} AS amount_minor, p.currency, s.sale_id
    FROM unnest($3::uuid[]) AS wanted (product_id) CROSS JOIN LATERAL (
        SELECT sku, product_id, amount_minor, currency FROM pricing.product_price_history
        WHERE product_id = wanted.product_id AND valid_to IS NULL LIMIT 1) AS p
    {SALE} {LAYERS}
    WHERE NOT EXISTS (SELECT FROM pricing.withheld AS w WHERE w.product_id = p.product_id)
"""  # noqa: S608 -- the pieces are constants
HOLD_FIRST: Final = """
    SELECT id FROM pricing.product_price_history WHERE product_id = $1 AND follows IS NULL FOR NO KEY UPDATE
"""
CURRENT: Final = f"""
    SELECT p.id, p.sku, p.product_id, p.amount_minor, p.currency, p.valid_from, {ABOVE_LIST} IS NOT NULL AS covered
    FROM pricing.product_price_history AS p
    {LAYERS}
    WHERE p.product_id = $2 AND p.valid_to IS NULL
"""  # noqa: S608 -- the pieces are constants
AT: Final = """
    SELECT amount_minor, currency FROM pricing.product_price_history
    WHERE product_id = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
"""
CLOSE: Final = "UPDATE pricing.product_price_history SET valid_to = $2 WHERE id = $1"
OPEN: Final = """
    INSERT INTO pricing.product_price_history
        (sku, product_id, amount_minor, currency, valid_from, follows, reason, changed_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
HISTORY: Final = """
    SELECT id, amount_minor, currency, valid_from, valid_to, reason, changed_by FROM pricing.product_price_history
    WHERE product_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""


async def counting(tx: Tx, skus: Sequence[str], product_ids: Sequence[UUID]) -> dict[str | UUID, Price]:
    """The prices that count now, by SKU and by product id, in one question."""
    found: dict[str | UUID, Price] = {}
    for sku, product_id, minor, currency, sale_id in await tx.all(COUNTING, clock.now(), skus, product_ids):
        found[sku] = found[product_id] = Price(sku, product_id, Money(minor, currency), sale_id)
    return found


async def hold(tx: Tx, product_id: UUID) -> Current | None:
    """The price that counts now; nobody else changes it until the transaction ends.

    What is locked is the product's first price, which always stays the first: whoever waited for the current one would
    find it closed and its successor out of sight.
    """
    await tx.run(HOLD_FIRST, product_id)
    row = await tx.row(CURRENT, clock.now(), product_id)
    return None if row is None else current(row)


def current(row: Any) -> Current:
    """What a row of CURRENT says."""
    return Current(
        id=row["id"],
        sku=row["sku"],
        product_id=row["product_id"],
        price=Money(row["amount_minor"], row["currency"]),
        valid_from=row["valid_from"],
        covered=row["covered"],
    )


async def at(tx: Tx, product_id: UUID, moment: datetime) -> Money | None:
    """The price that counted at `moment`."""
    row = await tx.row(AT, product_id, moment)
    return None if row is None else Money(row["amount_minor"], row["currency"])


async def succeed(tx: Tx, current: Current | None, opened: tuple[str, UUID, Money], since: datetime, why: str) -> None:
    """Close the current price at `since` and open the next one: the end of one is the beginning of the other."""
    sku, product_id, price = opened
    if current is not None:
        await tx.run(CLOSE, current.id, since)
    follows = None if current is None else since
    tx.later(OPEN, sku, product_id, price.minor, price.currency, since, follows, why, tx.call.actor.subject)


async def history(tx: Tx, product_id: UUID, before: int | None, limit: int) -> Sequence[Any]:
    """At most `limit` prices of a product, newest first, those before the row `before`."""
    return await tx.all(HISTORY, product_id, before, limit)
