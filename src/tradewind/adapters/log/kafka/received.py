"""What comes from Kafka, as the log holds it: envelopes read, duplicates known by their ids, strangers put aside."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heapreplace
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from tradewind.contracts.envelope import EVENTS
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.reading import Cursor, Logged
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

ELSEWHERE: Final = Cursor(2**63 - 1, 0)
"""Where an event stands in our log that is not in it: beyond everything that was heard from there."""
LONGEST: Final = 10_000
"""Characters of a message that nobody can read which are kept with its letter."""
UNREADABLE: Final = "(kafka)"
NOTE: Final = """
    INSERT INTO runtime.inbox (event_id, topic, partition, place)
    SELECT DISTINCT ON (event_id) * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[])
        AS n (event_id, topic, partition, place)
    ORDER BY event_id, place
    ON CONFLICT DO NOTHING
"""
LOOK_UP: Final = """
    SELECT i.topic, i.partition, i.place, o.stamp, o.position
    FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS n (event_id, position, nth)
    JOIN runtime.inbox AS i USING (event_id)
    LEFT JOIN runtime.outbox AS o ON o.position = n.position AND o.event_id = n.event_id
    ORDER BY nth
"""
KEEP_DAYS: Final = 35.0
"""For so long an event is known to have been seen: longer than topics keep it."""
PURGE: Final = """
    DELETE FROM runtime.inbox WHERE event_id IN (
        SELECT event_id FROM runtime.inbox WHERE seen_at < now() - make_interval(secs => $1) LIMIT 5000)
"""
PARK_UNREADABLE: Final = """
    WITH first AS (
        INSERT INTO runtime.kafka_position AS k (subscriber, topic, partition, next) VALUES ($1, $2, $3, $4::bigint + 1)
        ON CONFLICT (subscriber, topic, partition) DO UPDATE SET next = excluded.next WHERE k.next < excluded.next
        RETURNING 1)
    INSERT INTO runtime.dead_letter (subscriber, position, event_id, type, reason, attempts, envelope)
    SELECT $1, -nextval('runtime.letter_from_elsewhere'), $5, 'unreadable', $6, 1, $7::jsonb FROM first
"""


class Wrapped(Struct, frozen=True, kw_only=True, rename="camel"):
    """The canonical envelope, its payload as it came."""

    event_id: UUID
    event_type: str
    occurred_at: Annotated[datetime, Meta(tz=True)]
    trace_id: str
    correlation_id: str
    partition_key: str
    payload: Raw


@dataclass(frozen=True)
class Received(Logged):
    """An event as Kafka holds it."""

    topic: str = ""
    partition: int = 0
    place: int = 0
    text: str = ""
    """The whole message."""

    @property
    def is_local(self) -> bool:
        """Whether it came out of this database's own log."""
        return self.at != ELSEWHERE


UNREADABLE_BY: Final = (ValueError, RecursionError)
"""What `unwrapped` raises: of msgspec, of UTF-8, and of what is nested without end."""


def unwrapped(value: bytes | None) -> Wrapped:
    """What a message says. Raises one of UNREADABLE_BY where it is no envelope, or in any part of it no UTF-8.

    Parts that are read later, or never, are looked at here: what fails later would end the hearing of all.
    """
    return msgspec.json.decode((value or b"").decode(), type=Wrapped)


async def purge(tx: Tx) -> int:
    """Forget what nobody can send again."""
    return await tx.run(PURGE, KEEP_DAYS * 86_400)


FORGET: Final = Timer("inbox.purge", 600.0, purge)


async def receive(pool: Any, messages: Sequence[Any]) -> list[Received]:
    """The events among `messages` that were never seen before, in their order.

    What nobody can read becomes a dead letter of nobody's; a type that this shop has not heard of is passed over.
    """
    events: list[tuple[Any, Wrapped]] = []
    for message in messages:
        try:
            wrapped = unwrapped(message.value())
        except UNREADABLE_BY as error:
            await _park(pool, message, f"{type(error).__name__}: {error}")
            continue
        if wrapped.event_type in EVENTS:
            events.append((message, wrapped))
    if not events:
        return []
    ids = [wrapped.event_id for _, wrapped in events]
    topics, partitions = [one.topic() for one, _ in events], [one.partition() for one, _ in events]
    await pool.execute(NOTE, ids, topics, partitions, [one.offset() for one, _ in events])
    found = await pool.fetch(LOOK_UP, ids, [position_in(one.headers()) for one, _ in events])
    return _merged(
        _received(message, wrapped, row)
        for (message, wrapped), row in zip(events, found, strict=True)
        if _is_first(message, row)
    )


def _merged(received: Iterable[Received]) -> list[Received]:
    """Partitions side by side, each in its own order, as nearly as that allows in the order of telling.

    Some subscribers hear events of one key from several topics, between which Kafka knows no order.
    """
    partitions: dict[tuple[str, int], deque[Received]] = {}
    for one in received:
        partitions.setdefault((one.topic, one.partition), deque()).append(one)
    heads = [(_told(waiting[0]), where) for where, waiting in partitions.items()]
    heapify(heads)
    merged = []
    while heads:
        _, where = heads[0]
        waiting = partitions[where]
        merged.append(waiting.popleft())
        if waiting:
            heapreplace(heads, (_told(waiting[0]), where))
        else:
            heappop(heads)
    return merged


def _told(one: Received) -> tuple[Cursor, datetime]:
    return one.at, one.row["occurred_at"]


def _is_first(message: Any, row: Any) -> bool:
    first = (row["topic"], row["partition"], row["place"]) == (message.topic(), message.partition(), message.offset())
    if not first:
        metrics.kafka_duplicates_total.inc()
    return first


def position_in(headers: Iterable[tuple[str, bytes]] | None) -> int:
    """Where the event says that it stands in the log it came from; whether that is ours is looked up."""
    said = dict(headers or ()).get("position") or b""
    return int(said) if said.isdigit() and len(said) < 19 else 0


def _received(message: Any, wrapped: Wrapped, row: Any) -> Received:
    said = {
        "event_id": wrapped.event_id,
        "key": wrapped.partition_key,
        "occurred_at": wrapped.occurred_at,
        "trace_id": wrapped.trace_id,
        "correlation_id": wrapped.correlation_id,
        "payload": bytes(wrapped.payload).decode(),
        "age_ms": (now() - wrapped.occurred_at).total_seconds() * 1000,
    }
    at = ELSEWHERE if row["stamp"] is None else Cursor(row["stamp"], row["position"])
    where = {"topic": message.topic(), "partition": message.partition(), "place": message.offset()}
    return Received(at=at, type=wrapped.event_type, row=said, text=message.value().decode(), **where)


def letter_of(text: str, key: str, trace_id: str = "") -> str:
    """What is kept, as JSON that Postgres takes, of a message that nobody can read or that jsonb cannot hold."""
    key, trace_id, text = (one.replace("\0", "�") for one in (key, trace_id, text[:LONGEST]))
    return msgspec.json.encode({"partitionKey": key, "traceId": trace_id, "payload": {"unreadable": text}}).decode()


async def _park(pool: Any, message: Any, reason: str) -> None:
    text, key = ((part or b"").decode(errors="replace") for part in (message.value(), message.key()))
    where = (message.topic(), message.partition(), message.offset())
    await pool.execute(PARK_UNREADABLE, UNREADABLE, *where, new_id(), reason[:500], letter_of(text, key))
    metrics.dead_letters_total.labels(UNREADABLE).inc()
    log.error("message not understood", topic=where[0], partition=where[1], place=where[2], error=reason)
