"""The SQL of pricing.price_override."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

HOLD_AT_ONCE: Final = """
    SELECT sku FROM pricing.product_price_history WHERE product_id = $1 AND follows IS NULL FOR NO KEY UPDATE NOWAIT
"""
END: Final = """
    UPDATE pricing.price_override SET ended_at = greatest(set_at, least(until, $3)), ended_by = $4
    WHERE product_id = $1 AND ($2::text IS NULL OR currency = $2) AND ended_at IS NULL
"""
SET: Final = """
    INSERT INTO pricing.price_override (product_id, sku, amount_minor, currency, reason, set_at, set_by, until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
LIST: Final = """
    SELECT id, amount_minor, currency, reason, set_at, set_by, until, ended_at, ended_by FROM pricing.price_override
    WHERE product_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""


async def hold_at_once(tx: Tx, product_id: UUID) -> str | None:
    """The product's SKU, its prices held; does not wait for whoever holds them (Busy), None where it never had one."""
    sku: str | None = await tx.value(HOLD_AT_ONCE, product_id)
    return sku


async def end(tx: Tx, product_id: UUID, currency: str | None, at: datetime) -> int:
    """End the overrides of a product (in one currency, or in all); how many."""
    return await tx.run(END, product_id, currency, at, tx.call.actor.subject)


async def put(
    tx: Tx, product: tuple[UUID, str], price: Money, reason: str, since: datetime, until: datetime | None
) -> None:
    """Let `price` count from `since` on."""
    subject = tx.call.actor.subject
    await tx.run(SET, *product, price.minor, price.currency, reason, since, subject, until)


async def history(tx: Tx, product_id: UUID, before: int | None, limit: int) -> Sequence[Any]:
    """At most `limit` overrides of a product, newest first, those before the row `before`."""
    return await tx.all(LIST, product_id, before, limit)
