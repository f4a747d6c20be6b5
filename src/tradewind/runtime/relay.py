"""Carries events from the log to every subscriber: in order per key, each effect and its position in one transaction.

One process relays at a time (an advisory lock, held by a connection of its own); when it dies, another takes over where
the positions stand. A subscriber that fails does not hold the others up; after MAX_ATTEMPTS its event is parked as a
dead letter, counted, and found by the audit.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

import asyncpg

from tradewind.contracts.envelope import EVENTS
from tradewind.runtime import leading
from tradewind.runtime.database import AWAY, Database
from tradewind.runtime.feeds import Feed, feeds
from tradewind.runtime.places import MOVE, USED_KAFKA, LogPlaces
from tradewind.runtime.reading import START, Cursor, Logged, is_waiting, read
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.wake import POLL_S, Bell

BATCH = 500
"""Events read at once, at most; and applied in one transaction, unless a subscriber takes them together."""
HORIZON_POLL_S = 0.010
"""Wait before looking again when the only news is above the horizon."""
PACE_S = 0.030
"""Shortest time between two looks that found something: the first goes at once, what is told right after it together.
Each look costs a transaction of those that share one, and one of each of the others that it finds something for."""
IDLE_EVERY_S = 1.0
"""Time between two notes of where those stand who had nothing to do."""
LOCK: Final = "tradewind.relay"
"""What whoever relays has; see runtime.leading."""
REGISTER: Final = "INSERT INTO runtime.position (subscriber) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
POSITIONS: Final = "SELECT subscriber, stamp, position FROM runtime.position WHERE subscriber = ANY($1::text[])"


class Relay:
    """Feeds all subscribers of one process, as long as it leads."""

    def __init__(
        self, db: Database, subscribers: Iterable[Subscriber], bell: Bell, url: str, *, silent_s: float = 10.0
    ) -> None:
        self._db, self._bell, self._url = db, bell, url
        self._subscribers = tuple(subscribers)
        self._idle_due_s = 0.0
        self._sure: Cursor | None = None
        """The event before the first, since we lead, of a type that we do not know; None while we know them all."""
        self._silent_s = max(silent_s, 4 * POLL_S)
        """A leader looks every POLL_S; one that is silent for so long is paused, and must not keep the lead."""

    async def run(self, stop: asyncio.Event) -> None:
        """Lead when nobody else does, until `stop`."""
        while not stop.is_set():
            try:
                await leading.lead_in_turn(
                    self._db, self._url, LOCK, self._lead, bell=self._bell, stop=stop, silent_s=self._silent_s
                )
            except (asyncpg.PostgresError, *AWAY) as error:
                log.warning("relay lost the database", error=type(error).__name__)
                await asyncio.sleep(leading.STANDBY_S)

    async def _lead(self, connection: Any, stop: asyncio.Event) -> None:
        self._sure = None
        places = LogPlaces(used_kafka=await connection.fetchval(USED_KAFKA))
        fed = feeds(self._subscribers, self._db, places)
        tasks = [asyncio.create_task(feed.run()) for feed in fed]
        try:
            cursor = await self._first(connection)
            while not stop.is_set():
                cursor = await self._step(connection, fed, cursor)
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

    async def _step(self, connection: Any, fed: Sequence[Feed], cursor: Cursor) -> Cursor:
        rings = self._bell.rings
        loop = asyncio.get_running_loop()
        looked_s = loop.time()
        batch = await read(connection, cursor, BATCH, self._db.quiet)
        self._note_unknown(cursor, batch)
        for feed in fed:
            await feed.put(batch)
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
                await self._catch_up_idle(connection, fed, cursor)
        return cursor

    def _note_unknown(self, cursor: Cursor, batch: Sequence[Logged]) -> None:
        """A release beside ours tells more than we know: who had nothing to do here may have something to do there."""
        for logged in batch if self._sure is None else ():
            if logged.type not in EVENTS:
                log.warning("an event of another release", eventType=logged.type)
                self._sure = cursor
                return
            cursor = logged.at

    async def _catch_up_idle(self, connection: Any, fed: Sequence[Feed], cursor: Cursor) -> None:
        """Move on those who had nothing to do, so that a restart does not read for them again."""
        idle = [member.name for feed in fed if feed.idle for member in feed.members]
        await connection.execute(MOVE, idle, *(self._sure or cursor))
