"""Rows on their way to the columns: written with the position of whoever heard, deleted once they are there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tradewind.ports.columns import Batch
from tradewind.runtime.database import Tx

MAX_STAGED: Final = 200
"""Batches that go to the columns at once; each is of one look at the log (runtime/feeds.py: TOGETHER)."""
STAGE: Final = "INSERT INTO analytics.staged (told_at, batch) VALUES ($1, $2)"
WAITING: Final = "SELECT seq, told_at, batch FROM analytics.staged ORDER BY seq LIMIT $1"
OLDEST: Final = "SELECT min(told_at) FROM analytics.staged"
DONE: Final = "DELETE FROM analytics.staged WHERE seq = ANY($1::bigint[])"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Batch).decode


def stage(tx: Tx, batch: Batch, told_at: datetime) -> None:
    """Let `batch` go to the columns, if this transaction commits."""
    tx.later(STAGE, told_at, _encode(batch))


async def waiting(tx: Tx) -> Sequence[tuple[int, datetime, Batch]]:
    """The oldest, each with its number and the time of its first event."""
    rows: Sequence[Any] = await tx.all(WAITING, MAX_STAGED)
    return [(row["seq"], row["told_at"], _decode(row["batch"])) for row in rows]


async def oldest(tx: Tx) -> datetime | None:
    """When the first was told of what is not in the columns yet; None where all is."""
    found: datetime | None = await tx.value(OLDEST)
    return found
