"""The cache that processes share: near, this process's own memory; far, a Redis in which others find what one loaded.

What is read from afar is believed only where this process has forgotten nothing of it for a later event, and where it
was complete when the process began to hear events: each value says itself up to where in the log it is. So nothing
that Redis loses, keeps too long or never heard of (away, flushed, restarted with old data) can make an answer older
than an event that was heard here. The scripts see to it that Redis, too, keeps nothing that anybody has forgotten.

What shows events of other logs, which no process hears, is kept by Redis alone while a stream job vouches that it is
forgotten there (vouching.py); otherwise each process keeps it for a moment itself.

Redis is told behind the callers' backs, in order. What it could not be told it must not be asked about: then it is
emptied before it is used again. Meanwhile this process has what it keeps itself.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Self

from tradewind.adapters.cache.memory import MemoryCache
from tradewind.adapters.cache.scripts import GET
from tradewind.adapters.cache.telling import Clearing, Value, Waiting, empty, forgetting, keeping, putting, read, say
from tradewind.adapters.redis.link import RETRY_S, Link, SharedStoreAway
from tradewind.ports.cache import BORN, NOWHERE, Loaded, Place
from tradewind.runtime.telemetry import metrics

MAX_WAITING: Final = 10_000
"""What waits to be told to Redis; beyond that all of it is given up, and Redis is emptied."""


class RedisCache:
    """Answers to ports.cache.Cache. Enter it in a running loop. `space`: what all of its keys begin with.

    `near`: what this process keeps itself.
    """

    def __init__(self, link: Link, space: str, near: MemoryCache | None = None) -> None:
        self._link, self._space = link, f"{space}:"
        self._near = MemoryCache() if near is None else near
        self._waiting: deque[Waiting] = deque()
        self._news, self._through = asyncio.Event(), asyncio.Event()
        self._through.set()
        self._clearings = 0
        """Under way: until they are through nothing is read from afar."""
        self._owes = False
        """Whether Redis missed something, and is to be emptied."""
        self._given_up = 0
        """How often that came about: what is given up while Redis is being emptied is not made good by that."""
        self._vouched = False
        """Whether a stream job forgets in Redis what this process does not hear, as Redis said last."""
        self._ends = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None, "entered"
        self._ends = True
        self._news.set()
        await self._task
        await self._link.close()

    @property
    def generation(self) -> int:
        """Rises whenever something is forgotten or put."""
        return self._near.generation

    @property
    def era(self) -> int:
        """Rises whenever it is cleared: what was being loaded then is not kept."""
        return self._near.era

    async def get(self, key: str, since: Place = NOWHERE) -> bytes | None:
        """The value kept under `key` by whichever process, or None."""
        value = await self._near.get(key, since)
        if value is not None:
            return value
        era, found = self._near.era, await self._ask(key)
        self._vouched = bool(found[0])
        return await self._believed(key, read(found[1]), found[2] / 1000, era, since) if len(found) > 1 else None

    async def _ask(self, key: str) -> Sequence[Any]:
        """See scripts.GET; nothing, and nobody who vouches, where Redis is away or has yet to lose something."""
        if self._is_behind():
            return (0,)
        try:
            found: Sequence[Any] = await self._link.ask(lambda client: client.eval(GET, 0, self._space, key))
        except SharedStoreAway:
            return (0,)
        return (0,) if self._is_behind() else found

    async def _believed(self, key: str, told: Value, left_s: float, era: int, since: Place) -> bytes | None:
        """What Redis gave, unless this process knows better; kept here as well where this process hears of its end."""
        loaded = Loaded(told.value, told.complete, era, told.tags, told.elsewhere)
        if told.complete.get(BORN, NOWHERE) < since or self._near.is_outdated(key, loaded):
            return None
        if not told.elsewhere:
            await self._near.keep(key, loaded, left_s)
        return told.value

    async def keep(self, key: str, loaded: Loaded, ttl_s: float) -> bool:
        """Keep what was loaded, unless something of it was forgotten for a later event; whether it is kept."""
        if self._near.is_outdated(key, loaded):
            return False
        kept = True
        if loaded.elsewhere:
            metrics.shared_cache_unvouched.set(0 if self._vouched else 1)
        if not (loaded.elsewhere and self._vouched):
            kept = await self._near.keep(key, loaded, ttl_s)
        if not loaded.elsewhere or self._vouched:
            self._tell(keeping(self._space, key, loaded, ttl_s))
        return kept

    def put(self, key: str, value: bytes, ttl_s: float, tags: tuple[str, ...] = (), *, at: Place) -> None:
        """Keep what the event at `at` says, unless a later one has said or forgotten something of it."""
        self._near.put(key, value, ttl_s, tags, at=at)
        self._tell(putting(self._space, key, value, ttl_s, tags, at))

    def forget(self, *tags: str, at: Place, by: str = BORN) -> int:
        """Forget whatever has one of these keys or tags, because of the event at `at`; how many of those kept here."""
        self._tell(forgetting(tags, at, by))
        return self._near.forget(*tags, at=at, by=by)

    def clear(self, prefix: str = "") -> None:
        """Forget everything whose key begins so, and keep nothing that is being loaded now. Events were missed."""
        self._near.clear(prefix)
        self._clearings += 1
        self._tell(Clearing(prefix))

    async def told(self) -> None:
        """Return once Redis has been told, or has turned out to be away."""
        await self._through.wait()

    def _is_behind(self) -> bool:
        """Whether Redis still has what it should have lost."""
        return self._owes or self._clearings > 0

    def _tell(self, what: Waiting) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._give_up()
        self._waiting.append(what)
        self._through.clear()
        self._news.set()

    def _give_up(self) -> None:
        """What waits will not be told: Redis is emptied instead."""
        self._owes, self._clearings = True, 0
        self._given_up += 1
        self._waiting.clear()

    async def _run(self) -> None:
        while not self._ends:
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S if self._owes else None):
                    await self._news.wait()
            self._news.clear()
            try:
                if self._owes:
                    given_up = self._given_up
                    await empty(self._link, self._space, "")
                    self._owes = self._given_up != given_up
                while self._waiting:
                    if await say(self._link, self._space, self._waiting):
                        self._clearings = max(0, self._clearings - 1)
            except SharedStoreAway:
                self._give_up()
            self._through.set()
