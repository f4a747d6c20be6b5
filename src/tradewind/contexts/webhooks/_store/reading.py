"""What the log says that each subscription asked for becomes its deliveries; the place in the log moves with them."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from tradewind.contexts.webhooks._domain.subscription import wants
from tradewind.kernel import clock
from tradewind.runtime.database import Tx
from tradewind.runtime.reading import Cursor, Logged, read

BATCH: Final = 1_000
"""Events of the log that are read at once."""
MAX_WAITING: Final = 1_000
"""Deliveries of one subscription that wait; beyond that its events stay in the log until there is room."""
READERS: Final = """
    SELECT id, event_types, filter::text AS filter, sequence, stamp, position FROM webhooks.webhook_subscriptions AS s
    WHERE status = 'ACTIVE' AND (
        SELECT count(*) FROM (SELECT FROM webhooks.delivery AS d WHERE d.subscription_id = s.id AND d.status = 'PENDING'
                              LIMIT $1) AS waiting) < $1
    ORDER BY stamp, position, id LIMIT 1000 FOR UPDATE SKIP LOCKED
"""
ONE_READS: Final = "SELECT pg_try_advisory_xact_lock(hashtext('webhooks.read'))"
INSERT: Final = """
    INSERT INTO webhooks.delivery (subscription_id, sequence, event_id, type, key, trace_id, body, due_at)
    SELECT u.*, $8
    FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[]) AS u
"""
MOVE: Final = """
    UPDATE webhooks.webhook_subscriptions AS s SET sequence = u.sequence, stamp = $3, position = $4
    FROM unnest($1::uuid[], $2::bigint[]) AS u (id, sequence) WHERE s.id = u.id
"""


class Delivery(NamedTuple):
    """A row of webhooks.delivery on its way there."""

    subscription_id: UUID
    sequence: int
    event_id: UUID
    type: str
    key: str
    trace_id: str
    body: str


async def fan_out(tx: Tx) -> int | None:
    """One batch of the log, for those who have read least; how many events it was. None: nobody reads, or another does.

    One worker reads at a time.
    """
    rows = await tx.all(READERS, MAX_WAITING) if await tx.value(ONE_READS) else ()
    if not rows:
        return None
    at = Cursor(rows[0]["stamp"], rows[0]["position"])
    together = [row for row in rows if (row["stamp"], row["position"]) == at]
    events = await read(tx.connection, at, BATCH)
    if not events:
        return 0
    deliveries: list[Delivery] = []
    sequences = [_pick(row, events, deliveries) for row in together]
    if deliveries:
        await tx.run(INSERT, *map(list, zip(*deliveries, strict=True)), clock.now())
    await tx.run(MOVE, [row["id"] for row in together], sequences, *events[-1].at)
    return len(events)


def _pick(row: Any, events: Sequence[Logged], into: list[Delivery]) -> int:
    """Number what this subscription asked for; the number of the last one."""
    sequence: int = row["sequence"]
    types, filter_ = frozenset(row["event_types"]), msgspec.json.decode(row["filter"])
    for logged in events:
        if logged.type not in types:
            continue
        if filter_ and not wants(filter_, msgspec.json.decode(logged.row["payload"])):
            continue
        sequence += 1
        event_id, key, trace = (logged.row[name] for name in ("event_id", "key", "trace_id"))
        into.append(Delivery(row["id"], sequence, event_id, logged.type, key, trace, body(logged)))
    return sequence


def body(logged: Logged) -> str:
    """The canonical envelope, its numbers as they were told."""
    said = msgspec.structs.replace(logged.envelope, payload=msgspec.Raw(logged.row["payload"].encode()))
    return msgspec.json.encode(said).decode()
