"""The SQL of orders.cancel_words: why a buyer called an order off, in their own words."""

from typing import Final
from uuid import UUID

from tradewind.runtime.database import Tx

KEEP: Final = """
    INSERT INTO orders.cancel_words (order_id, words) VALUES ($1, $2)
    ON CONFLICT (order_id) DO UPDATE SET words = excluded.words, at = now()
"""
OF: Final = "SELECT words FROM orders.cancel_words WHERE order_id = $1"


def keep(tx: Tx, order_id: UUID, words: str) -> None:
    """Write them with the transaction's last statement."""
    tx.later(KEEP, order_id, words)


async def of(tx: Tx, order_id: UUID) -> str | None:
    """What the buyer said; None where they said nothing, or have been forgotten."""
    found: str | None = await tx.value(OF, order_id)
    return found
