"""The outbox: events are written in the transaction that makes them true, and read below the snapshot horizon.

Order of reading is (stamp, position). `position` alone is not enough: it is given out before the commit, so a reader
of `position > last` would skip a late commit. The transaction's own id alone is not enough either: a transaction that
took its id early may lock a key late, and its event would be read before the one it came after. The stamp is the
greater of its own id and the newest transaction that had ended when the event was written (after the key's lock):
it never falls along a key, and no transaction still running can write one below the horizon.
"""

from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from tradewind.contracts.messages import Event
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Call

APPEND: Final = """
    INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload)
    SELECT s.stamp, e.*
    FROM (SELECT greatest(pg_current_xact_id()::text::bigint,
                          pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1) AS stamp) AS s,
         unnest($1::runtime.new_event[]) AS e
"""

NEWEST: Final = "SELECT coalesce(max(stamp), 0) FROM runtime.outbox"
PRESENT: Final = "SELECT pg_current_xact_id()::text::bigint"

_encoder = msgspec.json.Encoder(decimal_format="number")
encode = _encoder.encode
"""Event to JSON: camelCase names, decimals as exact numbers."""


class Row(NamedTuple):
    """An event on its way into the outbox."""

    event_id: UUID
    type: str
    key: str
    trace_id: str
    correlation_id: str
    payload: str


def row(event: Event, key: str, call: Call) -> Row:
    """`event` with its key, a fresh id and the call's traces."""
    return Row(new_id(), event.TYPE, key, call.trace_id, call.correlation_id, encode(event).decode())


async def is_from_elsewhere(connection: Any) -> bool:
    """Whether the log came from a cluster with higher transaction ids, so that new events would not be heard."""
    return bool(await connection.fetchval(NEWEST) > await connection.fetchval(PRESENT))
