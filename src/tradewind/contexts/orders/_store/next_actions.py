"""The SQL of orders.next_action: where buyers must prove themselves, as payments in another database has answered."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from tradewind.runtime.database import Tx

KEEP: Final = """
    INSERT INTO orders.next_action (order_id, url) SELECT * FROM unnest($1::uuid[], $2::text[])
    ON CONFLICT (order_id) DO UPDATE SET url = excluded.url
"""
FORGET: Final = "DELETE FROM orders.next_action WHERE order_id = ANY($1::uuid[])"
OF: Final = "SELECT url FROM orders.next_action WHERE order_id = $1"


def keep(tx: Tx, urls: Mapping[UUID, str]) -> None:
    """These wait for their buyers, whom they are to be shown to."""
    if urls:
        tx.later(KEEP, list(urls), list(urls.values()))


def forget(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """These wait for their buyers no more."""
    if order_ids:
        tx.later(FORGET, list(order_ids))


async def of(tx: Tx, order_id: UUID) -> str | None:
    """Where the buyer of this order must prove themselves; None where it does not wait for that."""
    url: str | None = await tx.value(OF, order_id)
    return url
