"""Carries events from the log to every subscriber: in order per key, each effect and its position in one transaction.

One process relays at a time (an advisory lock, held by a connection of its own); when it dies, another takes over where
the positions stand. A subscriber that fails does not hold the others up; after MAX_ATTEMPTS its event is parked as a
dead letter, counted, and found by the audit.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

import asyncpg

from tradewind.runtime import giving_way
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.database import AWAY, Busy, Database, DatabaseAway, Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.reading import START, Cursor, Logged, is_waiting, read
from tradewind.runtime.saga.settling import backoff_s
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.wake import POLL_S, Bell

BATCH = 500
"""Events read at once, at most; and applied in one transaction, unless a subscriber takes them together."""
TOGETHER = 5_000
"""Events that wait for a subscriber that takes them together, and are applied in one transaction."""
QUEUE = 20
"""Batches that wait for one slow subscriber before reading pauses."""
MAX_ATTEMPTS = 5
HORIZON_POLL_S = 0.010
"""Wait before looking again when the only news is above the horizon."""
PACE_S = 0.030
"""Shortest time between two looks that found something: the first goes at once, what is told right after it together.
Each look costs a transaction of every subscriber that it finds something for."""
IDLE_EVERY_S = 1.0
"""Time between two notes of where those stand who had nothing to do."""
STANDBY_S = 0.5
LEAD: Final = "SELECT pg_try_advisory_lock(hashtext('tradewind.relay'))"
REGISTER: Final = "INSERT INTO runtime.position (subscriber) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
POSITIONS: Final = "SELECT subscriber, stamp, position FROM runtime.position WHERE subscriber = ANY($1::text[])"
HOLD: Final = "SELECT stamp, position FROM runtime.position WHERE subscriber = $1 FOR UPDATE"
MOVE: Final = "UPDATE runtime.position SET stamp = $2, position = $3, moved_at = now() WHERE subscriber = $1"
MOVE_IDLE: Final = """
    UPDATE runtime.position SET stamp = $2, position = $3, moved_at = now()
    WHERE subscriber = ANY($1::text[]) AND (stamp, position) < ($2, $3)
"""
PARK: Final = """
    INSERT INTO runtime.dead_letter (subscriber, position, event_id, type, reason, attempts)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subscriber, position) DO NOTHING
"""


class Feed:
    """One subscriber's queue and the task that works it off."""

    def __init__(self, subscriber: Subscriber, db: Database) -> None:
        self.subscriber = subscriber
        self.types = {event.TYPE for event in subscriber.events}
        self.queue: asyncio.Queue[Sequence[Logged]] = asyncio.Queue(QUEUE)
        self.idle = True
        self._db = db
        self._lag = metrics.event_lag_ms.labels(subscriber.name)

    async def run(self) -> None:
        """Apply batch after batch; a batch that fails is applied one event at a time."""
        while True:
            batches = [await self.queue.get()]
            while self.subscriber.together and sum(map(len, batches)) < TOGETHER and not self.queue.empty():
                batches.append(self.queue.get_nowait())
            await self._apply_all(batches)
            self.idle = self.queue.empty()

    async def _apply_all(self, batches: Sequence[Sequence[Logged]]) -> None:
        """All in one transaction; where that fails each batch in its own, where that fails each event."""
        try:
            await self._apply([logged for batch in batches for logged in batch])
        except Exception as error:
            log.warning("subscriber failed", subscriber=self.subscriber.name, error=repr(error))
            if len(batches) == 1:
                for logged in batches[0]:
                    await self._insist(logged)
            else:
                for batch in batches:
                    await self._apply_all([batch])

    async def _apply(self, batch: Sequence[Logged]) -> None:
        async with self._db.transaction(_call(self.subscriber.name, batch[0])) as tx:
            seen = await self._position(tx)
            await self._react([logged for logged in batch if logged.at > seen], tx)
            await tx.run(MOVE, self.subscriber.name, *max(seen, batch[-1].at))
            failpoint("relay.before_commit")
        failpoint("relay.after_commit")
        for logged in batch:
            self._lag.observe(logged.age_ms)
            log.debug("event heard", subscriber=self.subscriber.name, eventType=logged.type, key=logged.row["key"],
                      traceId=logged.row["trace_id"])  # fmt: skip

    async def _react(self, fresh: Sequence[Logged], tx: Tx) -> None:
        if self.subscriber.together:
            if fresh:
                await self.subscriber.react([logged.event for logged in fresh], tx)
            return
        for logged in fresh:
            tx.call = _call(self.subscriber.name, logged)
            await self.subscriber.react(logged.event, tx)
            await tx.flush()

    async def _position(self, tx: Tx) -> Cursor:
        row = await tx.row(HOLD, self.subscriber.name)
        assert row is not None, f"{self.subscriber.name} has no position"
        return Cursor(row["stamp"], row["position"])

    async def _insist(self, logged: Logged) -> None:
        """Try one event until it is handled or parked. A database that is away or held up is not the event's fault."""
        attempt, reason = 0, ""
        while attempt < MAX_ATTEMPTS:
            try:
                return await self._apply([logged])
            except (DatabaseAway, Busy) as away:
                log.warning("event waits for the database", subscriber=self.subscriber.name, error=repr(away))
                await asyncio.sleep(POLL_S)
            except Exception as error:
                attempt, reason = attempt + 1, repr(error)
                log.error("event not handled", subscriber=self.subscriber.name, eventType=logged.type, attempt=attempt,
                          error=reason, traceId=logged.row["trace_id"])  # fmt: skip
                await asyncio.sleep(backoff_s(attempt))
        return await self._park(logged, reason)

    async def _park(self, logged: Logged, reason: str) -> None:
        while True:
            try:
                async with self._db.transaction(_call(self.subscriber.name, logged)) as tx:
                    seen = await self._position(tx)
                    event_id, position, why = logged.row["event_id"], logged.at.position, reason[:500]
                    await tx.run(PARK, self.subscriber.name, position, event_id, logged.type, why, MAX_ATTEMPTS)
                    await tx.run(MOVE, self.subscriber.name, *max(seen, logged.at))
                metrics.dead_letters_total.labels(self.subscriber.name).inc()
                return
            except Exception as error:
                log.warning("dead letter not parked", subscriber=self.subscriber.name, error=repr(error))
                await asyncio.sleep(POLL_S)


class Relay:
    """Feeds all subscribers of one process, as long as it leads."""

    def __init__(
        self, db: Database, subscribers: Iterable[Subscriber], bell: Bell, url: str, *, silent_s: float = 10.0
    ) -> None:
        self._db, self._bell, self._url = db, bell, url
        self._subscribers = tuple(subscribers)
        self._idle_due_s = 0.0
        self._silent_s = max(silent_s, 4 * POLL_S)
        """A leader looks every POLL_S; one that is silent for so long is paused, and must not keep the lead."""

    async def run(self, stop: asyncio.Event) -> None:
        """Lead when nobody else does, until `stop`."""
        while not stop.is_set():
            try:
                await self._stand_by(stop)
            except (asyncpg.PostgresError, *AWAY) as error:
                log.warning("relay lost the database", error=type(error).__name__)
                await asyncio.sleep(STANDBY_S)

    async def _stand_by(self, stop: asyncio.Event) -> None:
        connection: Any = await asyncpg.connect(self._url, server_settings=giving_way.when_idle(self._silent_s))
        try:
            while not stop.is_set():
                if await connection.fetchval(LEAD):
                    await self._lead(connection, stop)
                else:
                    await self._bell.rung(STANDBY_S)
        finally:
            await connection.close(timeout=2)

    async def _lead(self, connection: Any, stop: asyncio.Event) -> None:
        feeds = [Feed(subscriber, self._db) for subscriber in self._subscribers]
        tasks = [asyncio.create_task(feed.run()) for feed in feeds]
        try:
            cursor = await self._first(connection)
            while not stop.is_set():
                cursor = await self._step(connection, feeds, cursor)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _first(self, connection: Any) -> Cursor:
        """Where the slowest subscriber stands."""
        names = [subscriber.name for subscriber in self._subscribers]
        await connection.execute(REGISTER, names)
        rows = await connection.fetch(POSITIONS, names)
        return min((Cursor(row["stamp"], row["position"]) for row in rows), default=START)

    async def _step(self, connection: Any, feeds: Sequence[Feed], cursor: Cursor) -> Cursor:
        rings = self._bell.rings
        loop = asyncio.get_running_loop()
        looked_s = loop.time()
        batch = await read(connection, cursor, BATCH)
        for feed in feeds:
            if mine := [logged for logged in batch if logged.type in feed.types]:
                feed.idle = False
                await feed.queue.put(mine)
        if batch:
            cursor = batch[-1].at
        if len(batch) == BATCH:
            return cursor
        if batch:
            await asyncio.sleep(looked_s + PACE_S - loop.time())
            return cursor
        if await is_waiting(connection, cursor):
            await asyncio.sleep(HORIZON_POLL_S)
        else:
            await self._bell.rung(since=rings)
            if (now_s := loop.time()) >= self._idle_due_s:
                self._idle_due_s = now_s + IDLE_EVERY_S
                await self._catch_up_idle(connection, feeds, cursor)
        return cursor

    async def _catch_up_idle(self, connection: Any, feeds: Sequence[Feed], cursor: Cursor) -> None:
        """Move on those who had nothing to do, so that a restart does not read for them again."""
        idle = [feed.subscriber.name for feed in feeds if feed.idle]
        await connection.execute(MOVE_IDLE, idle, *cursor)


def _call(name: str, logged: Logged) -> Call:
    actor = Actor(subject=f"system:{name}", roles=frozenset({"system"}))
    return Call(actor=actor, correlation_id=logged.row["correlation_id"], trace_id=logged.row["trace_id"], route=name)
