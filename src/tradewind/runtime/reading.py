"""Reading the log: events below the snapshot horizon, in (stamp, position) order, none lost, none early."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.contracts.envelope import EVENTS, Envelope, producer
from tradewind.contracts.messages import Event
from tradewind.runtime.failpoints import planted
from tradewind.runtime.quiet import Quiet

READ: Final = """
    SELECT stamp, position, event_id, type, key, occurred_at, trace_id, correlation_id, payload::text AS payload,
           extract(epoch FROM clock_timestamp() - occurred_at)::float8 * 1000 AS age_ms
    FROM runtime.outbox
    WHERE (stamp, position) > ($1, $2) AND stamp < least(
        (SELECT min(xid) FROM (SELECT pg_snapshot_xip(pg_current_snapshot())::text::bigint AS xid) AS open
         WHERE xid <> ALL($4::bigint[])),
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint - (cardinality($4::bigint[]) > 0)::int)
    ORDER BY stamp, position LIMIT $3
"""
"""Below the oldest open transaction, without those of $4 that have told nothing: what these will tell has a stamp of at
least the newest transaction that has ended by now, one less than xmax."""
READ_WITHOUT_HORIZON: Final = """
    SELECT stamp, position, event_id, type, key, occurred_at, trace_id, correlation_id, payload::text AS payload,
           extract(epoch FROM clock_timestamp() - occurred_at)::float8 * 1000 AS age_ms
    FROM runtime.outbox WHERE (stamp, position) > ($1, $2) AND $4::bigint[] IS NOT NULL
    ORDER BY stamp, position LIMIT $3
"""
WAITING: Final = """
    SELECT coalesce((SELECT (stamp, position) > ($1, $2) FROM runtime.outbox
                     ORDER BY stamp DESC, position DESC LIMIT 1), false)
"""
"""Whether the newest event is beyond the cursor. EXISTS is planned as a scan of the whole log, to find nothing."""


class Cursor(NamedTuple):
    """A place in the log. Every event up to and including it has been read."""

    stamp: int
    position: int


START = Cursor(0, 0)
NONE: Final = Quiet()
MAX_LOOKS = 3
"""How often one look is made because somebody quiet has begun to tell meanwhile; the last one waits for all."""


@dataclass(frozen=True)
class Logged:
    """An event as the log holds it."""

    at: Cursor
    type: str
    row: Any
    read_at: float = field(default_factory=time.monotonic)
    """By the monotonic clock, in seconds."""

    @property
    def is_foreign(self) -> bool:
        """Whether another database told it: no event of this one's log has such a position."""
        return self.at.position <= 0

    @property
    def age_ms(self) -> float:
        """Milliseconds since the transaction that told it began."""
        age_ms: float = self.row["age_ms"]
        return age_ms + (time.monotonic() - self.read_at) * 1000

    @cached_property
    def event(self) -> Event:
        """What happened; read once however many hear it."""
        return msgspec.json.decode(self.row["payload"], type=EVENTS[self.type])

    @property
    def envelope(self) -> Envelope:
        """What happened, with who told it, when, under which trace."""
        row = self.row
        return Envelope(
            event_id=row["event_id"],
            event_type=self.type,
            occurred_at=row["occurred_at"],
            producer=producer(self.type),
            trace_id=row["trace_id"],
            correlation_id=row["correlation_id"],
            partition_key=row["key"],
            payload=msgspec.json.decode(row["payload"]),
        )


async def read(connection: Any, after: Cursor, limit: int, quiet: Quiet = NONE) -> Sequence[Logged]:
    """The next events after `after`, at most `limit`; `quiet` transactions are not waited for."""
    sql = READ_WITHOUT_HORIZON if planted("read_without_horizon") else READ
    rows: Sequence[Any] = ()
    for tries_left in reversed(range(MAX_LOOKS)):
        spoken, ids = quiet.spoken, list(quiet.ids) if tries_left else []
        rows = await connection.fetch(sql, after.stamp, after.position, limit, ids)
        if quiet.spoken == spoken or not ids:
            break
    read_at = time.monotonic()
    return [Logged(Cursor(row["stamp"], row["position"]), row["type"], row, read_at) for row in rows]


async def is_waiting(connection: Any, after: Cursor) -> bool:
    """Whether there is more than was read: above the horizon, or written since, or below a horizon that has moved."""
    return bool(await connection.fetchval(WAITING, after.stamp, after.position))
