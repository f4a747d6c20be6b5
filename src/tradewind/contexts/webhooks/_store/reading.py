"""What the log says that each subscription asked for becomes its deliveries; the place in the log moves with them.

A message whose key nobody waits for is leased to the reader as it is written: the usual one is never claimed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from tradewind.contexts.webhooks._domain.subscription import wants
from tradewind.contexts.webhooks._store.deliveries import AT_ONCE, RUN, Message, leased_until, runs
from tradewind.contracts.envelope import Envelope, producer
from tradewind.kernel import clock
from tradewind.runtime.database import Tx
from tradewind.runtime.reading import Cursor

BATCH: Final = 1_000
"""Events that somebody asked for and that are read at once."""
SPAN: Final = 5_000
"""Events of the log that are looked through for them at once."""
MAX_WAITING: Final = 1_000
"""Deliveries of one subscription that wait; beyond that its events stay in the log until there is room."""
BEFORE: Final = timedelta(hours=1)
"""What another database told earlier than so long before a subscription is not for it: who begins to hear its log may
have all of it to hear."""
READERS: Final = """
    WITH me AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('webhooks.read')) AS reads)
    SELECT id, event_types, filter::text AS filter, created_at, sequence, stamp, position, url, secret,
           CASE WHEN old_until > $2 THEN old_secret END AS old_secret, open_until > $2 AS is_open
    FROM me JOIN webhooks.webhook_subscriptions AS s ON me.reads
    WHERE status = 'ACTIVE' AND (
        SELECT count(*) FROM (SELECT FROM webhooks.delivery AS d WHERE d.subscription_id = s.id AND d.status = 'PENDING'
                              LIMIT $1) AS waiting) < $1
    ORDER BY stamp, position, id LIMIT 1000 FOR NO KEY UPDATE OF s SKIP LOCKED
"""
READ: Final = """
    SELECT upto.stamp AS upto_stamp, upto.position AS upto_position, upto.looked_at, o.*
    FROM (SELECT least((SELECT min(xid) FROM (SELECT pg_snapshot_xip(pg_current_snapshot())::text::bigint AS xid) AS i),
                       pg_snapshot_xmax(pg_current_snapshot())::text::bigint) AS stamp) AS horizon,
    LATERAL (
        SELECT stamp, position, count(*) OVER () AS looked_at FROM (
            (SELECT stamp, position FROM runtime.outbox WHERE (stamp, position) > ($1, $2) AND stamp < horizon.stamp
             ORDER BY stamp, position LIMIT $5)
            UNION ALL
            (SELECT stamp, position FROM webhooks.foreign_event
             WHERE (stamp, position) > ($1, $2) AND stamp < horizon.stamp ORDER BY stamp, position LIMIT $5)
            ORDER BY stamp, position LIMIT $5) AS span
        ORDER BY stamp DESC, position DESC LIMIT 1) AS upto
    LEFT JOIN LATERAL (
        (SELECT stamp, position, event_id, type, key, occurred_at, trace_id, correlation_id, payload::text AS payload,
                false AS is_foreign
         FROM runtime.outbox AS e
         WHERE (stamp, position) > ($1, $2) AND (stamp, position) <= (upto.stamp, upto.position) AND type = ANY($3)
           AND NOT EXISTS (SELECT FROM webhooks.told_elsewhere AS t
                           WHERE starts_with(e.type, t.prefix) AND e.position > t.since
                             AND (t.until IS NULL OR e.position < t.until))
         ORDER BY stamp, position LIMIT $4)
        UNION ALL
        (SELECT stamp, position, event_id, type, key, occurred_at, trace_id, correlation_id, payload::text AS payload,
                true AS is_foreign
         FROM webhooks.foreign_event
         WHERE (stamp, position) > ($1, $2) AND (stamp, position) <= (upto.stamp, upto.position) AND type = ANY($3)
         ORDER BY stamp, position LIMIT $4)
        ORDER BY stamp, position LIMIT $4) AS o ON true
    ORDER BY o.stamp, o.position
"""
"""Events of some types below the horizon (runtime/reading.py), and how far the log was looked through for them; no row
where it does not go on. What other databases told is read as if it were in the log, at the place where it was heard;
what this one's log says of theirs, besides, is not."""
WRITE: Final = """
    WITH moved AS (
        UPDATE webhooks.webhook_subscriptions AS s SET sequence = u.sequence, stamp = $11, position = $12
        FROM unnest($9::uuid[], $10::bigint[]) AS u (id, sequence) WHERE s.id = u.id)
    INSERT INTO webhooks.delivery (subscription_id, sequence, event_id, type, key, trace_id, body, due_at, lease_until)
    SELECT u.subscription_id, u.sequence, e.event_id, e.type, e.key, e.trace_id, e.body, $13,
           CASE WHEN u.leased AND NOT EXISTS (
                    SELECT FROM webhooks.delivery AS d
                    WHERE d.subscription_id = u.subscription_id AND d.status = 'PENDING' AND d.key = e.key)
                THEN $14::timestamptz ELSE '-infinity' END
    FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::bool[]) AS u (subscription_id, sequence, number, leased)
    JOIN unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $15::text[])
         WITH ORDINALITY AS e (event_id, type, key, trace_id, body, number) ON e.number = u.number
    RETURNING subscription_id, sequence, lease_until = $14
"""
"""Each event is written out and sent to the database once, however many hear it; places move along. A message is leased
at once where that is wished for and none of its key is on its way: that one is waited for."""


class Delivery(NamedTuple):
    """A row of webhooks.delivery on its way there; `place`: the event's in the batch that was read."""

    subscription_id: UUID
    sequence: int
    place: int


class Read(NamedTuple):
    """What one look at the log came to: how many messages were `written`, and those that the reader has to send.

    `waiting`: whether others were written. `goes_on`: whether there is more in the log.
    """

    written: int
    runs: list[list[Message]]
    waiting: bool
    goes_on: bool


NOTHING: Final = Read(0, [], waiting=False, goes_on=False)


class _Batch(NamedTuple):
    """Events that were asked for, of so many that were `looked_at`, and the place up to which there are no others."""

    events: Sequence[Any]
    upto: Cursor
    looked_at: int

    @property
    def goes_on(self) -> bool:
        """Whether there may be more in the log."""
        return len(self.events) == BATCH or self.looked_at == SPAN


async def fan_out(tx: Tx, away: Mapping[UUID, int]) -> Read | None:
    """One batch of the log, for those who have read least; None: nobody reads, or another does.

    One worker reads at a time. `away`: how many runs of each subscription the caller has under way.
    """
    moment = clock.now()
    rows = await tx.all(READERS, MAX_WAITING, moment)
    if not rows:
        return None
    at = Cursor(rows[0]["stamp"], rows[0]["position"])
    together = [row for row in rows if (row["stamp"], row["position"]) == at]
    batch = await _read(tx, at, sorted({type_ for row in together for type_ in row["event_types"]}))
    if not batch.events and len(together) == len(rows) and batch.looked_at < BATCH:
        return NOTHING  # the place moves with the next event that is asked for
    picked = [_pick(row, batch.events) for row in together]
    deliveries = [one for mine in picked for one in mine]
    wished = [leased for row, mine in zip(together, picked, strict=True)
              for leased in _wished(mine, batch.events, _room(row, away))]  # fmt: skip
    sequences = [mine[-1].sequence if mine else row["sequence"] for row, mine in zip(together, picked, strict=True)]
    leased = await _write(tx, together, sequences, deliveries, wished, batch, moment)
    return Read(len(deliveries), leased, waiting=sum(map(len, leased)) < len(deliveries), goes_on=batch.goes_on)


async def _read(tx: Tx, at: Cursor, types: Sequence[str]) -> _Batch:
    rows = await tx.all(READ, *at, types, BATCH, SPAN)
    if not rows:
        return _Batch([], at, 0)
    events = rows if rows[0]["event_id"] is not None else []
    if len(events) == BATCH:
        return _Batch(events, Cursor(events[-1]["stamp"], events[-1]["position"]), rows[0]["looked_at"])
    return _Batch(events, Cursor(rows[0]["upto_stamp"], rows[0]["upto_position"]), rows[0]["looked_at"])


def _pick(row: Any, events: Sequence[Any]) -> list[Delivery]:
    """Number what this subscription asked for; of other databases what was told since it did, however late heard."""
    types, filter_ = frozenset(row["event_types"]), msgspec.json.decode(row["filter"])
    since = row["created_at"] - BEFORE

    def is_asked(event: Any) -> bool:
        if event["type"] not in types or (event["is_foreign"] and event["occurred_at"] < since):
            return False
        return not filter_ or wants(filter_, event["payload"])

    asked = [place for place, event in enumerate(events) if is_asked(event)]
    return [Delivery(row["id"], row["sequence"] + number, place) for number, place in enumerate(asked, 1)]


def _room(row: Any, away: Mapping[UUID, int]) -> int:
    """How many runs of a subscription may be begun now: none while its circuit is open."""
    return 0 if row["is_open"] else AT_ONCE - away.get(row["id"], 0)


def _wished(mine: Sequence[Delivery], events: Sequence[Any], room: int) -> Iterator[bool]:
    """Of each message of a subscription, whether it is to be sent at once: so many keys, a run of each."""
    taken: Counter[str] = Counter()
    for one in mine:
        key = events[one.place]["key"]
        may = (key in taken or len(taken) < room) and taken[key] < RUN
        if may:
            taken[key] += 1
        yield may


async def _write(
    tx: Tx, together: Sequence[Any], sequences: Sequence[int], deliveries: Sequence[Delivery], wished: Sequence[bool],
    batch: _Batch, moment: datetime,
) -> list[list[Message]]:  # fmt: skip
    """Write the deliveries, move the places; the runs that are leased now."""
    told = {place: batch.events[place] for place in sorted({one.place for one in deliveries})}
    number = {place: at for at, place in enumerate(told, 1)}
    bodies = {place: body(event) for place, event in told.items()}
    lease_until = leased_until(moment)
    rows = await tx.all(
        WRITE,
        [one.subscription_id for one in deliveries],
        [one.sequence for one in deliveries],
        [number[one.place] for one in deliveries],
        wished,
        *([event[name] for event in told.values()] for name in ("event_id", "type", "key", "trace_id")),
        [row["id"] for row in together],
        sequences,
        *batch.upto,
        moment,
        lease_until,
        list(bodies.values()),
    )
    leased = {(id_, sequence) for id_, sequence, is_leased in rows if is_leased}
    by_id = {row["id"]: row for row in together}
    found = []
    for one in deliveries:
        if one[:2] in leased:
            event, row = told[one.place], by_id[one.subscription_id]
            found.append(Message(
                *one[:2], event["event_id"], event["key"], 0, lease_until, bodies[one.place],
                row["url"], row["secret"], row["old_secret"],
            ))  # fmt: skip
    return runs(found)


def body(event: Any) -> str:
    """The canonical envelope, its numbers as they were told."""
    said = Envelope(
        event_id=event["event_id"],
        event_type=event["type"],
        occurred_at=event["occurred_at"],
        producer=producer(event["type"]),
        trace_id=event["trace_id"],
        correlation_id=event["correlation_id"],
        partition_key=event["key"],
        payload=msgspec.Raw(event["payload"].encode()),
    )
    return msgspec.json.encode(said).decode()
