"""What the log says that each subscription asked for becomes its deliveries; the place in the log moves with them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from tradewind.contexts.webhooks._domain.subscription import wants
from tradewind.contracts.envelope import Envelope, producer
from tradewind.kernel import clock
from tradewind.runtime.database import Tx
from tradewind.runtime.reading import Cursor, Logged, read

BATCH: Final = 1_000
"""Events of the log that are read at once."""
MAX_WAITING: Final = 1_000
"""Deliveries of one subscription that wait; beyond that its events stay in the log until there is room."""
READERS: Final = """
    WITH me AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('webhooks.read')) AS reads)
    SELECT id, event_types, filter::text AS filter, sequence, stamp, position
    FROM me JOIN webhooks.webhook_subscriptions AS s ON me.reads
    WHERE status = 'ACTIVE' AND (
        SELECT count(*) FROM (SELECT FROM webhooks.delivery AS d WHERE d.subscription_id = s.id AND d.status = 'PENDING'
                              LIMIT $1) AS waiting) < $1
    ORDER BY stamp, position, id LIMIT 1000 FOR NO KEY UPDATE OF s SKIP LOCKED
"""
INSERT: Final = """
    INSERT INTO webhooks.delivery (subscription_id, sequence, event_id, type, key, trace_id, body, due_at)
    SELECT u.subscription_id, u.sequence, e.event_id, e.type, e.key, e.trace_id, e.body, $9
    FROM unnest($1::uuid[], $2::bigint[], $3::int[]) AS u (subscription_id, sequence, number)
    JOIN unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[])
         WITH ORDINALITY AS e (event_id, type, key, trace_id, body, number) ON e.number = u.number
"""
MOVE: Final = """
    UPDATE webhooks.webhook_subscriptions AS s SET sequence = u.sequence, stamp = $3, position = $4
    FROM unnest($1::uuid[], $2::bigint[]) AS u (id, sequence) WHERE s.id = u.id
"""


class Delivery(NamedTuple):
    """A row of webhooks.delivery on its way there; `place`: the event's in the batch that was read."""

    subscription_id: UUID
    sequence: int
    place: int


async def fan_out(tx: Tx) -> int | None:
    """One batch of the log, for those who have read least; how many events it was. None: nobody reads, or another does.

    One worker reads at a time.
    """
    rows = await tx.all(READERS, MAX_WAITING)
    if not rows:
        return None
    at = Cursor(rows[0]["stamp"], rows[0]["position"])
    together = [row for row in rows if (row["stamp"], row["position"]) == at]
    events = await read(tx.connection, at, BATCH)
    if not events:
        return 0
    deliveries: list[Delivery] = []
    told: dict[int, Logged] = {}
    sequences = [_pick(row, events, deliveries, told) for row in together]
    if deliveries:
        await _insert(tx, deliveries, told)
    await tx.run(MOVE, [row["id"] for row in together], sequences, *events[-1].at)
    return len(events)


def _pick(row: Any, events: Sequence[Logged], into: list[Delivery], told: dict[int, Logged]) -> int:
    """Number what this subscription asked for, and note the events, by their place; the number of the last one."""
    sequence: int = row["sequence"]
    types, filter_ = frozenset(row["event_types"]), msgspec.json.decode(row["filter"])
    for place, logged in enumerate(events):
        if logged.type not in types:
            continue
        if filter_ and not wants(filter_, logged.row["payload"]):
            continue
        sequence += 1
        told[place] = logged
        into.append(Delivery(row["id"], sequence, place))
    return sequence


async def _insert(tx: Tx, deliveries: Sequence[Delivery], told: Mapping[int, Logged]) -> None:
    """Each event is written out and sent to the database once, however many hear it."""
    number = {place: at for at, place in enumerate(told, 1)}
    ids = [one.subscription_id for one in deliveries]
    numbers = [number[one.place] for one in deliveries]
    names = ("event_id", "type", "key", "trace_id")
    said = ([logged.row[name] for logged in told.values()] for name in names)
    bodies = [body(logged) for logged in told.values()]
    await tx.run(INSERT, ids, [one.sequence for one in deliveries], numbers, *said, bodies, clock.now())


def body(logged: Logged) -> str:
    """The canonical envelope, its numbers as they were told."""
    row = logged.row
    said = Envelope(
        event_id=row["event_id"],
        event_type=logged.type,
        occurred_at=row["occurred_at"],
        producer=producer(logged.type),
        trace_id=row["trace_id"],
        correlation_id=row["correlation_id"],
        partition_key=row["key"],
        payload=msgspec.Raw(row["payload"].encode()),
    )
    return msgspec.json.encode(said).decode()
