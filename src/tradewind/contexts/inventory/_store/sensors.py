"""The SQL of what sensors said: which messages are known, and which could not be used."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx

TAKE_IN: Final = """
    INSERT INTO inventory.sensor_inbox (sku, message_id) SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT DO NOTHING RETURNING sku, message_id
"""
FORGET: Final = """
    DELETE FROM inventory.sensor_inbox WHERE (sku, message_id) IN (
        SELECT sku, message_id FROM inventory.sensor_inbox WHERE at < now() - make_interval(days => $1) LIMIT $2)
"""
BURY: Final = """
    INSERT INTO inventory.sensor_dead_letter (id, message, sku, topic, payload, reason, trace_id)
    SELECT *, $7 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[])
    ON CONFLICT (message) DO NOTHING
"""
OWED: Final = """
    SELECT id, sku, topic, payload, reason, trace_id, parked_at FROM inventory.sensor_dead_letter
    WHERE NOT announced ORDER BY place LIMIT $1
"""
ANNOUNCED: Final = "UPDATE inventory.sensor_dead_letter SET announced = true WHERE id = ANY($1::uuid[])"
LIST: Final = """
    SELECT id, sku, topic, payload, reason, trace_id, parked_at FROM inventory.sensor_dead_letter
    ORDER BY place LIMIT $1
"""
FIND: Final = """
    SELECT id, sku, topic, payload, reason, trace_id, parked_at FROM inventory.sensor_dead_letter WHERE id = $1
"""
DIG_OUT: Final = "DELETE FROM inventory.sensor_dead_letter WHERE id = $1 RETURNING topic, payload"


class Buried(NamedTuple):
    """A message that could not be used, to be kept for people."""

    sku: str
    message_id: str | None
    topic: str
    payload: bytes
    why: str


async def take_in(tx: Tx, messages: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these (SKU, id) that nobody took in before; from now on they are known."""
    ordered = sorted(messages)
    rows = await tx.all(TAKE_IN, [sku for sku, _ in ordered], [known for _, known in ordered])
    return {(row["sku"], row["message_id"]) for row in rows}


async def forget(tx: Tx, days: int, limit: int) -> int:
    """Let go of ids that are older; how many there were."""
    return await tx.run(FORGET, days, limit)


def bury(tx: Tx, letters: Sequence[Buried]) -> None:
    """Keep them; a message that has an id once."""
    rows = [
        (
            new_id(),
            None if one.message_id is None else f"{one.sku}/{one.message_id}",
            one.sku,
            one.topic,
            one.payload,
            one.why,
        )
        for one in letters
    ]
    tx.later(BURY, *map(list, zip(*rows, strict=True)), tx.call.trace_id)


async def owed(tx: Tx, limit: int) -> Sequence[Any]:
    """The oldest that the dead-letter topic has not heard of."""
    return await tx.all(OWED, limit)


async def announced(tx: Tx, ids: Sequence[UUID]) -> None:
    """It has heard of these."""
    await tx.run(ANNOUNCED, ids)


async def oldest(tx: Tx, limit: int) -> Sequence[Any]:
    """The oldest dead letters."""
    return await tx.all(LIST, limit)


async def find(tx: Tx, id_: UUID) -> Any:
    """One of them, or None."""
    return await tx.row(FIND, id_)


async def dig_out(tx: Tx, id_: UUID) -> tuple[str, bytes] | None:
    """Take one away; topic and payload of it."""
    row = await tx.row(DIG_OUT, id_)
    return None if row is None else (row["topic"], row["payload"])
