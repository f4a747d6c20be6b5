"""Feeds subscribers from Kafka, as the relay feeds them from the log: each effect and its place in one transaction.

Processes of one kind share the partitions as a consumer group. Where to begin is asked of Postgres, never of Kafka;
what two processes have at once, because one was paused while the group went on without it, happens once all the same
(places.py). While subscribers cannot follow, partitions are paused: what waits, waits in Kafka.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import asyncpg
from confluent_kafka import OFFSET_BEGINNING, KafkaException, TopicPartition
from confluent_kafka import Consumer as Client

from tradewind.adapters.cache.vouching import Where
from tradewind.adapters.log.kafka.places import BEGIN_ANEW, CATCH_UP, HOLD_FREE, NEXT, KafkaPlaces, move_next
from tradewind.adapters.log.kafka.received import UNREADABLE, receive
from tradewind.adapters.log.kafka.standing import ends
from tradewind.adapters.log.kafka.topics import LOGGER, KafkaAway, Names, ensure
from tradewind.kernel.errors import Stale, Unavailable
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import AWAY, Database, Tx
from tradewind.runtime.feeds import Feed, feeds
from tradewind.runtime.reading import Logged
from tradewind.runtime.relay import PACE_S, REGISTER
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log

T = TypeVar("T")
BATCH: Final = 500
"""Messages taken at once, at most."""
WAIT_S: Final = 0.25
"""Longest wait for a message in the thread that asks; a stop is heard after that."""
PATIENCE_S: Final = 0.2
"""So long may subscribers' queues be full before partitions are paused."""
TICK_S: Final = 1.0
"""Time between two notes of lags, and of where those stand who had nothing to do."""
CALLBACK_S: Final = 60.0
RETRY_S: Final = 0.5
JOIN_MS: Final = 90_000
"""So long a client waits to be let into its group before it asks again: a broker that was paused meanwhile may never
answer. It polls far more often, also while partitions are paused; CALLBACK_S is less."""
REJOIN_S: Final = 45.0
"""A client that has had no word for so long of which partitions it has is given up for another: after a broker was
paused some wait for ever, in a group that the broker has long emptied (librdkafka 2.12.1)."""
CLOSE_S: Final = 30.0
"""Longest wait for a client that takes its leave; one that is given up may never do."""
CONFIG: Final[dict[str, Any]] = {
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "session.timeout.ms": 10_000,
    "heartbeat.interval.ms": 2_000,
    "max.poll.interval.ms": JOIN_MS,
    "fetch.wait.max.ms": 100,
    "queued.max.messages.kbytes": 16_384,
    "reconnect.backoff.max.ms": 1_000,
    "log_level": 3,
}
_TROUBLE: Final = (asyncpg.PostgresError, KafkaException, KafkaAway, Unavailable, Stale, *AWAY)


Next = dict[tuple[str, str, int], int]
"""The next place of each subscriber in a topic's partition."""
Passes = Callable[[str, bool], bool]
"""Whether an event of this type is heard, told in this database (or in another one)."""


class Consumer:
    """One process's part of the group `kind`, for all its subscribers.

    `passes`: where several databases tell events of one type, which of them is listened to; all without.
    """

    def __init__(
        self,
        db: Database,
        subscribers: Iterable[Subscriber],
        servers: str,
        names: Names,
        *,
        kind: str = "shop",
        passes: Passes | None = None,
    ) -> None:
        self._passes = passes
        self._db, self._servers, self._names, self._group = db, servers, names, names.group(kind)
        self._subscribers = tuple(subscribers)
        self._topics = {
            topic: sorted(one.name for one in self._subscribers if topic in names.of_events(one.types))
            for topic in names.of_events(kind for one in self._subscribers for kind in one.types)
        }
        self._fed: list[Feed] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._assigned: list[TopicPartition] = []
        self._paused: list[TopicPartition] = []
        self._tick_due_s = 0.0
        self._client: Client | None = None
        """The one that we listen to; it may not be the only one: another that was given up may not have ended."""
        self._stop = asyncio.Event()
        self._told_s: float | None = None
        """Since when it is open which partitions are ours; None where that is known, be it none."""

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; after trouble anew, from where Postgres says."""
        self._stop = stop
        while not stop.is_set():
            try:
                await self._consume(stop)
            except _TROUBLE as error:
                log.warning("events are not heard", error=repr(error))
                await asyncio.sleep(RETRY_S)

    async def _consume(self, stop: asyncio.Event) -> None:
        await asyncio.to_thread(ensure, self._servers, self._topics)
        await self._db.pool.execute(REGISTER, [one.name for one in self._subscribers])
        client = Client({"bootstrap.servers": self._servers, "group.id": self._group, **CONFIG}, logger=LOGGER)
        loop = asyncio.get_running_loop()

        def in_loop(work: Coroutine[Any, Any, T]) -> T:
            doing = asyncio.run_coroutine_threadsafe(work, loop)
            try:
                return doing.result(CALLBACK_S)
            finally:
                doing.cancel()  # what is late must not begin feeds that nobody waits for; what is done stays so

        def assigned(client: Any, partitions: list[TopicPartition]) -> None:
            client.assign(in_loop(self._begin(client, partitions)))
            if client is self._client:
                self._told_s = None

        def revoked(client: Any, _partitions: list[TopicPartition]) -> None:
            if client is self._client:
                self._told_s = loop.time()
                self._resume(client)
                in_loop(self._end_of(client))

        self._client, self._told_s = client, loop.time()
        client.subscribe(list(self._topics), on_assign=assigned, on_revoke=revoked, on_lost=revoked)
        try:
            while not stop.is_set():
                await self._step(client)
                if self._waits_s() > REJOIN_S:
                    metrics.kafka_given_up_total.inc()
                    raise KafkaAway(f"nobody said for {REJOIN_S:.0f} s which partitions are ours")
        finally:
            self._client = None
            await self._end()
            await asyncio.wait([asyncio.ensure_future(asyncio.to_thread(client.close))], timeout=CLOSE_S)

    def _waits_s(self) -> float:
        """For how long it has been open which partitions are ours."""
        return 0.0 if self._told_s is None else asyncio.get_running_loop().time() - self._told_s

    async def _begin(self, client: Client, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Start feeds, and answer where the slowest of those who hear each topic stands; for a client given up none."""
        await self._end_of(client)
        names = [*(one.name for one in self._subscribers), UNREADABLE]
        rows = await self._db.pool.fetch(NEXT, names, list(self._topics))
        next_ = {(row["subscriber"], row["topic"], row["partition"]): row["next"] for row in rows}
        if lost := await self._made_anew(client, partitions, next_):
            next_ = {key: 0 if key in lost else next_ for key, next_ in next_.items()}
        if client is not self._client:
            return []
        self._assigned = [
            TopicPartition(one.topic, one.partition, self._first(next_, one.topic, one.partition)) for one in partitions
        ]
        self._fed = feeds(self._subscribers, self._db, KafkaPlaces(self._topics))
        self._tasks = [asyncio.create_task(feed.run()) for feed in self._fed]
        return self._assigned

    async def _made_anew(self, client: Client, partitions: Sequence[TopicPartition], next_: Next) -> Next:
        """Places in partitions that end before one of them: those of a topic that is no more; all begin anew.

        They would have us pass over as many events of the new one, which count as heard. What was heard is not heard
        again: it is known by its id, and by the place in the log, which is moved first, as later it cannot be.
        """
        ours = {(one.topic, one.partition) for one in partitions} & {key[1:] for key, place in next_.items() if place}
        ends_ = await asyncio.to_thread(ends, client, ours)  # later than `next_`: nobody is beyond it by moving on
        new = sorted({key[1:] for key, place in next_.items() if place > ends_.get(key[1:], place)})
        lost = {key: place for key, place in next_.items() if place and key[1:] in new}
        if lost:
            said = [f"{topic}/{number}" for topic, number in new]
            log.error("topics were made anew, and are heard from their beginning; what the old ones had and nobody "
                      "heard is lost to Kafka: the audit names it", partitions=said)  # fmt: skip
            names, topics, numbers = zip(*lost, strict=True)
            async with self._db.transaction(internal_call("kafka.begin_anew")) as tx:
                await self._catch_up(tx, idle=set(), at={})
                await tx.run(BEGIN_ANEW, list(names), list(topics), list(numbers), list(lost.values()))
        return lost

    def _first(self, next_: Next, topic: str, partition: int) -> int:
        slowest = min(next_.get((name, topic, partition), 0) for name in self._topics[topic])
        return slowest or OFFSET_BEGINNING

    async def _end_of(self, client: Client) -> None:
        """See `_end`; one that was given up may still call long after, and the feeds are another's then."""
        if client is self._client:
            await self._end()

    async def _end(self) -> None:
        """Drop what is queued; an effect under way is committed with its place, or not at all."""
        tasks, self._tasks, self._fed, self._assigned, self._paused = self._tasks, [], [], [], []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _step(self, client: Client) -> None:
        messages = await self._take(client)
        fed, loop = self._fed, asyncio.get_running_loop()
        took_s = loop.time()
        batch = await receive(self._db.pool, messages)
        if self._passes is not None:
            batch = [one for one in batch if self._passes(one.type, one.is_local)]
        if batch:
            await self._feed(client, fed, batch)
        if (now_s := loop.time()) >= self._tick_due_s and fed and fed is self._fed:
            self._tick_due_s = now_s + TICK_S
            await self._tick(client)
        if 0 < len(messages) < BATCH:  # what comes right after them is noted together: see the relay
            await asyncio.sleep(took_s + PACE_S - loop.time())

    async def _take(self, client: Client) -> list[Any]:
        """What is there, at most BATCH; waits a while for the first.

        Partitions may change hands in the middle of it: then what was taken before would come to feeds that have yet to
        hear what lies before that, and these would be taken to have heard it. All of it is taken again, from its place.
        """

        def take() -> tuple[list[Any], bool]:
            first = client.poll(WAIT_S)
            fed = self._fed
            found = [] if first is None else [first, *client.consume(BATCH - 1, 0)]
            return found, fed is not self._fed

        found, changed = await asyncio.to_thread(take)
        if changed:
            await self._begin_again(client)
            return []
        for one in found:
            if one.error() is not None:
                log.warning("kafka says", error=str(one.error()))
        return [one for one in found if one.error() is None]

    async def _begin_again(self, client: Client) -> None:
        """The same partitions, from where Postgres says."""
        if self._assigned:
            self._resume(client)
            client.assign(await self._begin(client, self._assigned))

    def _resume(self, client: Client) -> None:
        """Fetch again from what is paused; before it is assigned anew, for the client keeps it paused beyond that."""
        paused, self._paused = self._paused, []
        if paused:
            client.resume(paused)

    async def _feed(self, client: Client, fed: list[Feed], batch: Sequence[Logged]) -> None:
        """Hand `batch` to all; while queues are full nothing more is fetched, and the group hears that we live."""
        putting = asyncio.gather(*(feed.put(batch) for feed in fed))
        await asyncio.wait({putting}, timeout=PATIENCE_S)
        if not putting.done():
            metrics.kafka_pauses_total.inc()
            self._paused = list(self._assigned)
            client.pause(self._paused)
            while not putting.done() and fed is self._fed and not self._stop.is_set():
                if await self._take(client):
                    await self._begin_again(client)  # others' partitions came meanwhile, and are not paused
                await self._look_while_paused(client)
                await asyncio.wait({putting}, timeout=0)
            self._resume(client)
        putting.cancel()
        await asyncio.gather(putting, return_exceptions=True)

    async def _look_while_paused(self, client: Client) -> None:
        """Note lags at times. Ends are known by what is fetched, and nothing is: they are asked for."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._tick_due_s:
            return
        self._tick_due_s = now_s + TICK_S
        try:
            ends_ = await asyncio.to_thread(ends, client, [(one.topic, one.partition) for one in self._assigned])
        except KafkaException as error:
            log.warning("kafka does not say how far it is", error=repr(error))
            return
        self._note_lags(client, ends_)

    def _note_lags(self, client: Client, ends_: Mapping[Where, int]) -> Mapping[Where, int]:
        """Say how many messages lie before these ends that nobody has taken; where we stand."""
        at = {(one.topic, one.partition): one.offset for one in client.position(self._assigned) if one.offset > 0}
        for where, end in ends_.items():
            metrics.kafka_lag.labels(self._group, *where).set(max(0, end - at.get(where, end)))
        return at

    async def _tick(self, client: Client) -> None:
        """Note lags and places. Nobody is waited for: one who hangs would end the hearing of all."""
        ends_ = {
            (one.topic, one.partition): client.get_watermark_offsets(one, cached=True)[1] for one in self._assigned
        }
        at = self._note_lags(client, ends_)
        idle = {member.name for feed in self._fed if feed.idle for member in feed.members}
        async with self._db.transaction(internal_call("kafka.catch_up")) as tx:
            await self._catch_up(tx, idle, at)

    async def _catch_up(self, tx: Tx, idle: set[str], at: Mapping[Where, int]) -> None:
        """Move the idle to where we are, and all who are free over what they have heard in the log."""
        held = {row["subscriber"] for row in await tx.all(HOLD_FREE, [one.name for one in self._subscribers])}
        await move_next(tx, [(name, where, end) for where, end in at.items()
                             for name in self._topics[where[0]] if name in idle & held])  # fmt: skip
        pairs = [(one.name, kind) for one in self._subscribers for kind in one.types if one.name in held]
        await tx.run(CATCH_UP, [name for name, _ in pairs], [kind for _, kind in pairs])
