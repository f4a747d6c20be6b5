"""What the relay feeds: subscribers, each alone, or many in one transaction as long as none of them fails.

An effect and its subscriber's position commit together. Those that take events together and stand on their own tables
share one transaction a look at the log: a dozen of them cost one BEGIN, one COMMIT and one statement about positions.
One that fails falls out and is fed alone until it has caught up, so that it holds nobody up.
"""

import asyncio
from collections.abc import Iterable, Sequence
from logging import DEBUG

from opentelemetry.trace import SpanKind

from tradewind.kernel.errors import Stale
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.database import Busy, Database, DatabaseAway, Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.places import LogPlaces, Places
from tradewind.runtime.reading import Logged
from tradewind.runtime.saga.settling import backoff_s
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.telemetry import metrics, traces
from tradewind.runtime.telemetry.logs import log, names_of, on_behalf_of
from tradewind.runtime.wake import POLL_S

TOGETHER = 5_000
"""Events that wait for subscribers that take them together, and are applied in one transaction."""
QUEUE = 20
"""Batches that wait for one slow subscriber before reading pauses."""
MAX_ATTEMPTS = 5
TOGETHER_PACE_S = 0.1
"""Shortest time between two transactions of those that take events together: the first goes at once, what comes right
after it together. Often there is nothing for one who is fed apart to do but to move on, which costs as much as a dozen
others who share."""
Batches = Sequence[Sequence[Logged]]


class Feed:
    """A queue of batches, and the task that works them off for `members`; several all take events together."""

    def __init__(self, members: Sequence[Subscriber], db: Database, places: Places | None = None) -> None:
        self.members = tuple(members)
        self.types = {event.TYPE for member in members for event in member.events}
        self._left = 0
        """Batches that were put, or wait for room, and have not been applied."""
        self._queue: asyncio.Queue[Sequence[Logged]] = asyncio.Queue(QUEUE)
        self._together = all(member.together for member in members)
        self._pace_s = TOGETHER_PACE_S if self._together else 0.0
        self._present = list(members)
        self._fallen: dict[Feed, asyncio.Task[None]] = {}
        self._db = db
        self._places = places or LogPlaces()

    @property
    def idle(self) -> bool:
        """Whether nobody here has anything left to do."""
        return self._left == 0 and all(feed.idle for feed in self._fallen)

    async def put(self, batch: Sequence[Logged]) -> None:
        """Queue what of `batch` somebody here hears; waits while the queue is full."""
        if mine := [logged for logged in batch if logged.type in self.types]:
            self._left += 1
            try:
                await self._queue.put(mine)
            except asyncio.CancelledError:
                self._left -= 1
                raise

    async def settled(self) -> None:
        """Return once everything that was put has been applied, or handed to a member that is fed alone."""
        await self._queue.join()

    async def run(self) -> None:
        """Apply batch after batch, until cancelled."""
        clock = asyncio.get_running_loop().time
        try:
            while True:
                batches = [await self._queue.get()]
                began_s = clock()
                while self._together and sum(map(len, batches)) < TOGETHER and not self._queue.empty():
                    batches.append(self._queue.get_nowait())
                await self._feed_fallen(batches)
                await self._apply_all(batches)
                self._left -= len(batches)
                for _ in batches:
                    self._queue.task_done()
                await asyncio.sleep(began_s + self._pace_s - clock())
        finally:
            for task in self._fallen.values():
                task.cancel()
            await asyncio.gather(*self._fallen.values(), return_exceptions=True)

    async def _feed_fallen(self, batches: Batches) -> None:
        """Whoever has caught up is fed with the others again; the rest get what is theirs."""
        for feed in [feed for feed in self._fallen if feed.idle]:
            self._fallen.pop(feed).cancel()
            self._present += feed.members
        for feed in self._fallen:
            for batch in batches:
                await feed.put(batch)

    async def _apply_all(self, batches: Batches) -> None:
        """All in one transaction; where that fails each member in its own, then each batch, then each event."""
        try:
            await self._apply(self._present, [logged for batch in batches for logged in batch])
        except Exception as error:
            names = [member.name for member in self._present]
            log.warning("subscribers failed", subscribers=names, error=repr(error))
            if len(self.members) > 1:
                await self._fall_out(batches)
            elif len(batches) == 1:
                for logged in batches[0]:
                    await self._insist(logged)
            else:
                for batch in batches:
                    await self._apply_all([batch])

    async def _fall_out(self, batches: Batches) -> None:
        """Feed each member alone with what they failed at together: those that can do it come back at the next look."""
        for member in self._present:
            feed = Feed([member], self._db, self._places)
            for batch in batches:
                await feed.put(batch)
            self._fallen[feed] = asyncio.create_task(feed.run())
        self._present = []

    async def _apply(self, members: Sequence[Subscriber], batch: Sequence[Logged]) -> None:
        if not members:
            return
        names, began_ns = [member.name for member in members], traces.began_ns()
        async with self._db.transaction(_call(names[0], batch[0])) as tx:
            is_fresh = await self._places.hold(tx, names, batch)
            for member in members:
                fresh = [one for one in batch if one.type in member.types and is_fresh(member.name, one)]
                await _react(member, fresh, tx)
            await self._places.move(tx, names, batch)
            failpoint("relay.before_commit")
        failpoint("relay.after_commit")
        for member in members:
            _observe(member, batch, began_ns)

    async def _insist(self, logged: Logged) -> None:
        """Try one event until it is handled or parked. A database that is away or held up is not the event's fault."""
        (member,), attempt, reason = self.members, 0, ""
        names = _names(member.name, logged)
        while attempt < MAX_ATTEMPTS:
            try:
                return await self._apply([member], [logged])
            except (DatabaseAway, Busy, Stale) as away:
                log.warning("event waits for the database", subscriber=member.name, error=repr(away), **names)
                await asyncio.sleep(POLL_S)
            except Exception as error:
                attempt, reason = attempt + 1, repr(error)
                log.error("event not handled", subscriber=member.name, attempt=attempt, error=reason, **names)
                await asyncio.sleep(backoff_s(attempt))
        return await self._park(member.name, logged, reason)

    async def _park(self, name: str, logged: Logged, reason: str) -> None:
        while True:
            try:
                async with self._db.transaction(_call(name, logged)) as tx:
                    is_fresh = await self._places.hold(tx, [name], [logged])
                    if is_fresh(name, logged):
                        await self._places.park(tx, name, logged, reason[:500], MAX_ATTEMPTS)
                    await self._places.move(tx, [name], [logged])
                metrics.dead_letters_total.labels(name).inc()
                return
            except Exception as error:
                log.warning("dead letter not parked", subscriber=name, error=repr(error), **_names(name, logged))
                await asyncio.sleep(POLL_S)


def feeds(subscribers: Iterable[Subscriber], db: Database, places: Places | None = None) -> list[Feed]:
    """One feed for all that may share a transaction, one for each of the others."""
    subscribers = list(subscribers)
    sharing = [one for one in subscribers if one.shares]
    alone = [[one] for one in subscribers if not one.shares]
    return [Feed(members, db, places) for members in [sharing, *alone] if members]


async def _react(member: Subscriber, fresh: Sequence[Logged], tx: Tx) -> None:
    if not fresh:
        return
    tx.call = _call(member.name, fresh[0])
    if member.together:
        await member.react([member.given(logged) for logged in fresh], tx)
        await tx.flush()
        return
    for logged in fresh:
        tx.call = _call(member.name, logged)
        with on_behalf_of(tx.call):
            await member.react(member.given(logged), tx)
            await tx.flush()


def _observe(member: Subscriber, batch: Iterable[Logged], began_ns: int) -> None:
    heard = [logged for logged in batch if logged.type in member.types]
    if not heard:
        return
    metrics.event_lag_ms.labels(member.name).observe_many(logged.age_ms for logged in heard)
    says = log.is_enabled_for(DEBUG)
    for logged in heard if began_ns or says else ():
        said, trace_id = {"eventType": logged.type, "key": logged.row["key"]}, logged.row["trace_id"]
        span_id = traces.mark(f"hear {member.name}", trace_id, began_ns, kind=SpanKind.CONSUMER, **said)
        if says:
            names = _names(member.name, logged)
            log.debug("event heard", subscriber=member.name, key=logged.row["key"], spanId=span_id, **names)


def _names(name: str, logged: Logged) -> dict[str, str]:
    """What a line of the log says of an event that this subscriber hears."""
    return {"eventType": logged.type, **names_of(_call(name, logged))}


def _call(name: str, logged: Logged) -> Call:
    actor = Actor(subject=f"system:{name}", roles=frozenset({"system"}))
    return Call(actor=actor, correlation_id=logged.row["correlation_id"], trace_id=logged.row["trace_id"], route=name)
