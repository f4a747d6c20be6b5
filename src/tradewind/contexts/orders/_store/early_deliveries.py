"""The SQL of orders.early_delivery: orders whose buyer had the goods before the money was taken (capture by hand)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.runtime.database import Tx

NOTE: Final = "INSERT INTO orders.early_delivery (order_id) VALUES ($1) ON CONFLICT DO NOTHING"
AMONG: Final = "SELECT order_id FROM orders.early_delivery WHERE order_id = ANY($1::uuid[])"


async def note(tx: Tx, order_id: UUID) -> None:
    """Its money is still being taken; the order is held by whoever notes this."""
    await tx.run(NOTE, order_id)


async def among(tx: Tx, order_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these orders."""
    return frozenset(row["order_id"] for row in await tx.all(AMONG, list(order_ids)))
