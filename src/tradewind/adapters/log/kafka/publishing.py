"""The relay as publisher: one more consumer of the outbox, whose effect is that events are on Kafka.

It reads below the horizon as every relay does, and moves its position only once the brokers have acknowledged. When it
dies in between, its successor sends again from there: at least once, each event under its own id, and the first time
that an event is seen it still comes after those before it. One process publishes at a time (an advisory lock); a paused
one that wakes up again sends what its successor has sent as well, in the same order. One that meets an event of a later
release gives the lead away: it cannot tell whether the event fits, and nobody would publish it any more once it passed.
"""

import asyncio
from collections.abc import Collection, Sequence
from itertools import takewhile
from time import monotonic
from typing import Any, Final

import asyncpg
import msgspec
from confluent_kafka import KafkaException
from opentelemetry.trace import SpanKind

from tradewind.adapters.log.kafka.sending import Record, RefusedError, Sender
from tradewind.adapters.log.kafka.topics import KafkaAway, Names, ensure
from tradewind.contracts.envelope import EVENTS
from tradewind.runtime import leading
from tradewind.runtime.database import AWAY, Database
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.places import MOVE, PARK
from tradewind.runtime.reading import Cursor, Logged, is_waiting, read
from tradewind.runtime.relay import HORIZON_POLL_S, PACE_S, POSITIONS, REGISTER
from tradewind.runtime.telemetry import metrics, traces
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.wake import POLL_S, Bell

BATCH: Final = 500
"""Events sent at once, at most, and acknowledged before the next are read."""
NAME: Final = "(kafka)"
"""What the publisher is called among those who have a position."""
UNHEARD_S: Final = 30.0
"""Longest wait for acknowledgements; then the producer is dropped, and another begins where the last ended."""
GIVES_WAY_S: Final = 4 * leading.STANDBY_S
"""So long one that cannot go on leaves the lead alone: each of the others looks for it several times meanwhile."""
LOCK: Final = "tradewind.publisher"
STILL: Final = "SELECT 1"
SPELL: Final = """
    SELECT position, runtime.envelope(o) AS envelope, runtime.traceparent(o) AS traceparent
    FROM runtime.outbox AS o WHERE position = ANY($1::bigint[])
"""
_TROUBLE: Final = (asyncpg.PostgresError, KafkaException, KafkaAway, RefusedError, *AWAY)


class UnknownTypeError(RuntimeError):
    """The next event is of a type that only a later release knows."""


class Publisher:
    """Publishes the outbox of one database, as long as it leads."""

    def __init__(
        self,
        db: Database,
        bell: Bell,
        url: str,
        servers: str,
        names: Names,
        *,
        types: Collection[str] = EVENTS,
        silent_s: float = 10.0,
    ) -> None:
        self._db, self._types = db, types
        self._bell, self._url, self._servers, self._names = bell, url, servers, names
        self._silent_s = max(silent_s, 4 * POLL_S)

    async def run(self, stop: asyncio.Event) -> None:
        """Publish when nobody else does, until `stop`."""
        while not stop.is_set():
            try:
                await leading.lead_in_turn(
                    self._db, self._url, LOCK, self._lead, bell=self._bell, stop=stop, silent_s=self._silent_s
                )
            except UnknownTypeError as error:
                log.error("events wait for a release that knows their type", eventType=str(error))
                await asyncio.sleep(GIVES_WAY_S)
            except _TROUBLE as error:
                log.warning("events are not published", error=repr(error))
                await asyncio.sleep(leading.STANDBY_S)

    async def _lead(self, connection: Any, stop: asyncio.Event) -> None:
        await asyncio.to_thread(ensure, self._servers, self._names.of_events(self._types))
        await connection.execute(REGISTER, [NAME])
        row = await connection.fetchrow(POSITIONS, [NAME])
        cursor = Cursor(row["stamp"], row["position"])
        async with Sender(self._servers) as sender:
            while not stop.is_set():
                cursor = await self._step(connection, sender, cursor, stop)

    async def _step(self, connection: Any, sender: Sender, cursor: Cursor, stop: asyncio.Event) -> Cursor:
        rings, loop = self._bell.rings, asyncio.get_running_loop()
        looked_s = loop.time()
        batch = await read(connection, cursor, BATCH, self._db.quiet)
        if not batch:
            if await is_waiting(connection, cursor):
                await asyncio.sleep(HORIZON_POLL_S)
            else:
                await self._bell.rung(since=rings)
                await connection.fetchval(STILL)
            return cursor
        batch = known_first(batch)
        await self._publish(connection, sender, batch, stop)
        if len(batch) < BATCH:  # what comes right after it goes together: each batch is asked for, sent and fetched
            await asyncio.sleep(looked_s + PACE_S - loop.time())
        return cursor if stop.is_set() else batch[-1].at

    async def _publish(self, connection: Any, sender: Sender, batch: Sequence[Logged], stop: asyncio.Event) -> None:
        fitting = [logged for logged in batch if await self._fits(connection, logged)]
        spelled = {row["position"]: row for row in await connection.fetch(SPELL, [one.at.position for one in fitting])}
        acknowledged = sender.send([record(one, spelled[one.at.position], self._names) for one in fitting])
        until = monotonic() + UNHEARD_S
        while not acknowledged.done():
            if stop.is_set():
                acknowledged.cancel()
                return
            if monotonic() > until:
                acknowledged.cancel()
                raise KafkaAway(f"nothing was acknowledged within {UNHEARD_S:.0f} s")
            await asyncio.wait({acknowledged}, timeout=POLL_S)
            await connection.fetchval(STILL)  # so that nobody else may publish meanwhile, and we hear of it if so
        acknowledged.result()
        failpoint("publisher.before_moved")
        await connection.execute(MOVE, [NAME], *batch[-1].at)
        metrics.event_lag_ms.labels(NAME).observe_many(one.age_ms for one in fitting)
        for one in fitting:
            with traces.span("publish", one.row["trace_id"], kind=SpanKind.PRODUCER, eventType=one.type):
                pass

    async def _fits(self, connection: Any, logged: Logged) -> bool:
        """Whether the event is what its class, and so its committed schema, says; else it is a dead letter."""
        try:
            msgspec.json.decode(logged.row["payload"], type=EVENTS[logged.type])
        except msgspec.ValidationError as error:
            event_id, reason = logged.row["event_id"], f"not published: {error!r}"[:500]
            await connection.execute(PARK, NAME, logged.at.position, event_id, logged.type, reason, 1)
            metrics.dead_letters_total.labels(NAME).inc()
            return False
        return True


def known_first(batch: Sequence[Logged]) -> Sequence[Logged]:
    """Those before the first whose type is unknown here. Raises UnknownTypeError where there is none."""
    known = list(takewhile(lambda one: one.type in EVENTS, batch))
    if not known:
        raise UnknownTypeError(batch[0].type)
    return known


def record(logged: Logged, spelled: Any, names: Names) -> Record:
    """The event as it stands on Kafka, whoever publishes it."""
    headers = [
        ("id", str(logged.row["event_id"]).encode()),
        ("eventType", logged.type.encode()),
        ("traceparent", spelled["traceparent"].encode()),
        ("position", str(logged.at.position).encode()),
    ]
    return Record(names.topic(logged.type), logged.row["key"], spelled["envelope"].encode(), headers)
