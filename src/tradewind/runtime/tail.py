"""The log's tail: hands every event to the listeners of this process, from the process's start on, in order per key.

Nothing here is durable: what a listener keeps dies with the process, and a new process begins at the log's end. So a
process must know how far it can trust what it keeps: `fresh` says whether everything that was committed up to a moment
ago has been heard. Where it has not (the database is away, the reader is stuck, an old transaction holds the horizon
back), caches are passed by.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import Any, Final, NamedTuple, Self

import asyncpg
import msgspec

from tradewind.contracts.messages import Event
from tradewind.runtime.database import AWAY
from tradewind.runtime.reading import START, Cursor
from tradewind.runtime.subscriptions import Here, Listener
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.wake import INTERVAL_S, POLL_S, RECONNECT_S, Bell

STALE_AFTER_S = 2.0
"""A process that has not confirmed for so long that it has heard everything does not trust what it keeps."""
BATCH = 500
"""Events read at once, at most."""
ANSWER_S = 5.0
"""Longest wait for the database's answer; then the connection is given up."""
PACE_S = 0.03
"""Shortest time between two looks, the first of which found something: a look costs as much as a dozen events."""
QUEUE = 1_000
"""Events that wait for one who is `hearing`; beyond that the oldest are dropped."""
LOOK: Final = """
    SELECT o.*, newest.stamp AS newest_stamp, newest.position AS newest_position,
           readable.stamp AS readable_stamp, readable.position AS readable_position
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon) AS h
    LEFT JOIN LATERAL (SELECT stamp, position FROM runtime.outbox
                       ORDER BY stamp DESC, position DESC LIMIT 1) AS newest ON true
    LEFT JOIN LATERAL (SELECT stamp, position FROM runtime.outbox WHERE stamp < h.horizon
                       ORDER BY stamp DESC, position DESC LIMIT 1) AS readable ON true
    LEFT JOIN LATERAL (SELECT stamp, position, type, key, trace_id, payload::text AS payload,
                              extract(epoch FROM clock_timestamp() - occurred_at)::float8 * 1000 AS age_ms
                       FROM runtime.outbox
                       WHERE (stamp, position) > ($1, $2) AND stamp < h.horizon AND type = ANY($3)
                       ORDER BY stamp, position LIMIT $4) AS o ON true
    ORDER BY o.stamp, o.position
"""
"""One snapshot: the next events of some types, the newest that can be read, and the newest that there is."""
OLDEST: Final = "SELECT stamp, position FROM runtime.outbox ORDER BY stamp, position LIMIT 1"


class Look(NamedTuple):
    """What one look at the log showed."""

    events: list[Any]
    readable: Cursor
    newest: Cursor


class Tail:
    """One reading connection that follows the log. Start it in a running loop; it is at the log's end from then on.

    `parts`: what listeners find by `here.peer`.
    """

    def __init__(self, url: str, bell: Bell, listeners: Iterable[Listener], parts: Mapping[type, object]) -> None:
        self._url, self._bell = url, bell
        self._here = Here(parts)
        self._listeners = tuple(listeners)
        self._by_type: dict[str, list[Listener]] = {}
        self._classes: dict[str, type[Event]] = {}
        for one in self._listeners:
            for event in one.events:
                self._by_type.setdefault(event.TYPE, []).append(one)
                self._classes[event.TYPE] = event
        self._waiting: dict[str, set[asyncio.Queue[Event]]] = {}
        self._types = sorted(self._by_type)
        self._cursor: Cursor | None = None
        self._confirmed_at = float("-inf")
        self._mark: tuple[Cursor, float] | None = None
        """The newest event at some time: once it has been heard, everything committed by then has been."""
        self._started = asyncio.Event()
        self._looked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._lag = metrics.event_lag_ms.labels("(tail)")

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await self._started.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None, "entered"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def fresh(self) -> bool:
        """Whether everything committed up to STALE_AFTER_S ago has been heard here."""
        return monotonic() - self._confirmed_at <= STALE_AFTER_S

    def fresh_within(self, seconds: float) -> bool:
        """Whether everything committed up to `seconds` ago has been heard here."""
        return monotonic() - self._confirmed_at <= seconds

    @property
    def at(self) -> Cursor:
        """The last place that was heard from: whatever was told up to there is committed, and its listeners know."""
        return self._here.at

    @property
    def since(self) -> Cursor:
        """From here on every event was heard here: where the process began, or began anew after it had missed some."""
        return self._here.since

    @property
    def behind_s(self) -> float:
        """Everything that was committed so many seconds ago has been heard here; infinite before the first look."""
        return monotonic() - self._confirmed_at

    async def caught_up(self) -> None:
        """Return once everything committed before this call has been heard here. It rings for a look at once."""
        asked = monotonic()
        self._bell.ring()
        while self._confirmed_at < asked:
            await self._looked.wait()

    @contextmanager
    def hearing(self, *events: type[Event]) -> Iterator[asyncio.Queue[Event]]:
        """A queue of every event of those types from now on; look at the state after entering, and nothing is missed.

        At most QUEUE events wait in it; beyond that the oldest are dropped.
        """
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE)
        for event in events:
            self._waiting.setdefault(event.TYPE, set()).add(queue)
            self._classes[event.TYPE] = event
        self._types = self._wanted()
        try:
            yield queue
        finally:
            for event in events:
                self._waiting[event.TYPE].discard(queue)
                if not self._waiting[event.TYPE]:
                    del self._waiting[event.TYPE]
            self._types = self._wanted()

    def _wanted(self) -> list[str]:
        return sorted(self._by_type.keys() | self._waiting.keys())

    async def _run(self) -> None:
        while True:
            try:
                async with self._connected() as connection:
                    await self._begin(connection)
                    self._started.set()
                    while True:
                        await self._step(connection)
            except (asyncpg.PostgresError, TimeoutError, *AWAY) as error:
                log.warning("tail lost the database", error=type(error).__name__)
            except Exception:
                log.exception("tail failed")
            await asyncio.sleep(RECONNECT_S)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        connection: Any = await asyncpg.connect(
            self._url,
            timeout=ANSWER_S,
            command_timeout=ANSWER_S,
            server_settings={"application_name": "tradewind tail"},
        )
        try:
            yield connection
        finally:
            connection.terminate()

    async def _begin(self, connection: Any) -> None:
        """Start at the log's end, or carry on after a gap where the log still has what was told in it."""
        self._mark = None
        if self._cursor is None:
            self._cursor = self._here.since = self._here.at = (await self._look(connection, START, [], 0)).readable
        elif _cursor(await connection.fetchrow(OLDEST)) > self._cursor:
            await self._start_anew(connection, "the log no longer goes back so far")

    async def _start_anew(self, connection: Any, why: str) -> None:
        log.warning("tail may have missed events", reason=why)
        self._cursor = self._here.since = self._here.at = (await self._look(connection, START, [], 0)).readable
        self._mark = None
        for one in self._listeners:
            reset(one, self._here)

    async def _step(self, connection: Any) -> None:
        assert self._cursor is not None, "set at the beginning"
        rings, types, now_s = self._bell.rings, self._types, monotonic()
        look = await self._look(connection, self._cursor, types)
        if look.newest < self._cursor:
            await self._start_anew(connection, "the log ends before what was heard")
            return
        if types is not self._types:
            return  # somebody began to hear meanwhile: what this look passed over may be theirs
        for row in look.events:
            self._tell(row)
        full = len(look.events) == BATCH
        last = look.events[-1] if full else None
        self._cursor = Cursor(last["stamp"], last["position"]) if last else max(self._cursor, look.readable)
        self._confirm(look.newest, now_s)
        if full:
            await asyncio.sleep(0)
        elif look.newest > self._cursor:
            await asyncio.sleep(INTERVAL_S)
        else:
            await self._bell.rung(POLL_S, since=rings)
            if look.events:
                await asyncio.sleep(now_s + PACE_S - monotonic())

    def _confirm(self, newest: Cursor, looked_at: float) -> None:
        assert self._cursor is not None, "set at the beginning"
        if newest <= self._cursor:
            self._confirmed_at, self._mark = looked_at, None
        elif self._mark is None:
            self._mark = newest, looked_at
        elif self._mark[0] <= self._cursor:
            self._confirmed_at = self._mark[1]
            self._mark = newest, looked_at
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

    def _tell(self, row: Any) -> None:
        kind: str = row["type"]
        listeners = self._by_type.get(kind, ())
        try:
            event = msgspec.json.decode(row["payload"], type=self._classes[kind])
        except msgspec.ValidationError:
            log.exception("event not understood", eventType=kind)
            for one in listeners:
                reset(one, self._here)
            return
        self._here.at = Cursor(row["stamp"], row["position"])
        self._here.age_ms, self._here.trace_id = row["age_ms"], row["trace_id"]
        for one in listeners:
            hear(one, event, self._here)
        for queue in self._waiting.get(kind, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)
        self._lag.observe(row["age_ms"])

    async def _look(self, connection: Any, after: Cursor, types: list[str], limit: int = BATCH) -> Look:
        rows = await connection.fetch(LOOK, after.stamp, after.position, types, limit)
        first = rows[0]
        events = rows if first["type"] is not None else []
        return Look(events, _cursor(first, "readable_"), _cursor(first, "newest_"))


def _cursor(row: Any, prefix: str = "") -> Cursor:
    if row is None or row[f"{prefix}stamp"] is None:
        return START
    return Cursor(row[f"{prefix}stamp"], row[f"{prefix}position"])


def hear(one: Listener, event: Event, here: Here) -> None:
    """One that breaks is told of, and forgets what it keeps; nobody else goes without the event."""
    try:
        one.hear(event, here)
    except Exception:
        log.exception("listener failed", listener=one.name, eventType=event.TYPE)
        metrics.listener_failures_total.labels(one.name).inc()
        reset(one, here)


def reset(one: Listener, here: Here) -> None:
    """Have one forget what it keeps: events may have been missed."""
    if one.reset is None:
        return
    try:
        one.reset(here)
    except Exception:
        log.exception("listener not reset", listener=one.name)
