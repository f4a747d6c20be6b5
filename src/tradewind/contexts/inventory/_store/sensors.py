"""The SQL of what sensors said: which messages are known, and which could not be used."""

import hashlib
from collections.abc import Collection, Sequence
from typing import Any, Final

from tradewind.runtime.database import Tx

TAKE_IN: Final = """
    INSERT INTO inventory.sensor_inbox (sku, message_id) SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT DO NOTHING RETURNING sku, message_id
"""
BURY: Final = """
    INSERT INTO inventory.sensor_dead_letter (topic, digest, payload, reason)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[]) ON CONFLICT DO NOTHING
"""
FORGET: Final = """
    DELETE FROM inventory.sensor_inbox WHERE (sku, message_id) IN (
        SELECT sku, message_id FROM inventory.sensor_inbox WHERE at < now() - make_interval(days => $1) LIMIT $2)
"""


async def take_in(tx: Tx, messages: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these (SKU, id) that nobody took in before; from now on they are known."""
    ordered = sorted(messages)
    rows = await tx.all(TAKE_IN, [sku for sku, _ in ordered], [known for _, known in ordered])
    return {(row["sku"], row["message_id"]) for row in rows}


def bury(tx: Tx, letters: Sequence[tuple[str, bytes, str]]) -> None:
    """Keep (topic, payload, reason) for a person to look at."""
    rows = [(topic, hashlib.sha256(payload).digest(), payload, reason) for topic, payload, reason in letters]
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    tx.later(BURY, *columns)


async def forget(tx: Tx, days: int, limit: int) -> int:
    """Let go of ids that are older; how many there were."""
    return await tx.run(FORGET, days, limit)
