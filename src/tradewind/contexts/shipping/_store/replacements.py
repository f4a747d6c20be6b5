"""The SQL of shipping.replacement."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from tradewind.contexts.shipping._domain.replacement import Replacement, Standing
from tradewind.runtime.database import Tx

INSERT: Final = """
    INSERT INTO shipping.replacement (id, shipment_id, round, lines) VALUES ($1, $2, $3, $4::text::jsonb)
"""
UNDER_WAY: Final = "SELECT id FROM shipping.replacement WHERE shipment_id = $1 AND status = 'PENDING'"
READ: Final = """
    SELECT r.id, r.shipment_id, s.order_id, r.round, r.lines::text AS lines, r.status
    FROM shipping.replacement AS r JOIN shipping.shipments AS s ON s.id = r.shipment_id
    WHERE r.id = ANY($1::uuid[]) ORDER BY r.id
"""
CLOSE: Final = "UPDATE shipping.replacement SET status = $2, why = $3 WHERE id = $1"


async def insert(tx: Tx, one: Replacement) -> None:
    """Write a new one, of a held shipment that has none under way."""
    lines = msgspec.json.encode(dict(one.lines)).decode()
    await tx.run(INSERT, one.id, one.shipment_id, one.round, lines)


async def is_under_way(tx: Tx, shipment_id: UUID) -> bool:
    """Whether goods are asked for already; who needs that to stay so holds the shipment."""
    return bool(await tx.all(UNDER_WAY, shipment_id))


async def read(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Replacement]:
    """These. Whoever changes one carries its saga, so it stays as it is for them."""
    return {
        row["id"]: Replacement(
            id=row["id"],
            shipment_id=row["shipment_id"],
            order_id=row["order_id"],
            round=row["round"],
            lines=msgspec.json.decode(row["lines"], type=dict[str, int]),
            status=Standing(row["status"]),
        )
        for row in await tx.all(READ, list(ids))
    }


async def close(tx: Tx, replacement_id: UUID, status: Standing, why: str | None = None) -> None:
    """Write how it ended."""
    await tx.run(CLOSE, replacement_id, status.value, why)
