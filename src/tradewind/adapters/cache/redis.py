"""The cache that processes share: near, this process's own memory; far, a Redis in which others find what one loaded.

What is read from afar is believed only where this process has forgotten nothing of it for a later event, and where it
was complete when the process began to hear events: each value says itself up to where in the log it is. So nothing
that Redis loses, keeps too long or never heard of (away, flushed, restarted with old data) can make an answer older
than an event that was heard here. The scripts see to it that Redis, too, keeps nothing that anybody has forgotten.

Redis is told behind the callers' backs, in order. What it could not be told it must not be asked about: then it is
emptied before it is used again. Meanwhile this process has what it keeps itself.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from typing import Any, Final, NamedTuple, Self, cast

import msgspec

from tradewind.adapters.cache.memory import MemoryCache
from tradewind.adapters.cache.scripts import FORGET, GET, KEEP
from tradewind.adapters.redis.link import RETRY_S, Client, Link, SharedStoreAway
from tradewind.ports.cache import BORN, NOWHERE, Loaded, Place

MAX_WAITING: Final = 10_000
"""What waits to be told to Redis; beyond that all of it is given up, and Redis is emptied."""
TOGETHER: Final = 200
"""Told at once, at most."""
SCANNED: Final = 1_000
"""Keys that Redis looks at in one step while it is emptied."""
MARKS_MS: Final = 600_000
"""How long Redis remembers that something was forgotten; longer than any load takes."""
_ESCAPED: Final = str.maketrans({one: f"\\{one}" for one in "\\*?[]^-"})


class _Told(msgspec.Struct, frozen=True, array_like=True):
    """A value as it lies in Redis. `complete`: (stamp, position) by who writes."""

    value: bytes
    complete: dict[str, tuple[int, int]]
    tags: tuple[str, ...]


class _Script(NamedTuple):
    """Something for Redis to do."""

    text: str
    arguments: tuple[Any, ...]


class _Forgetting(NamedTuple):
    """Whatever has one of these keys or tags is to go, if it was complete before `place`, as Redis spells it."""

    by: str
    place: str
    tags: tuple[str, ...]


class _Clearing(NamedTuple):
    """Everything whose key begins so is to go."""

    prefix: str


_encode = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_decoder = msgspec.msgpack.Decoder(_Told)


class RedisCache:
    """Answers to ports.cache.Cache. Enter it in a running loop. `space`: what all of its keys begin with.

    `near`: what this process keeps itself.
    """

    def __init__(self, link: Link, space: str, near: MemoryCache | None = None) -> None:
        self._link, self._space = link, f"{space}:"
        self._near = MemoryCache() if near is None else near
        self._waiting: deque[_Script | _Forgetting | _Clearing] = deque()
        self._news, self._through = asyncio.Event(), asyncio.Event()
        self._through.set()
        self._clearings = 0
        """Under way: until they are through nothing is read from afar."""
        self._owes = False
        """Whether Redis missed something, and is to be emptied."""
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
        if value is not None or self._is_behind():
            return value
        era = self._near.era
        try:
            found = await self._link.ask(lambda client: client.eval(GET, 0, self._space, key))
        except SharedStoreAway:
            return None
        if not found or self._is_behind():
            return None
        told, left_ms = _decoder.decode(found[0]), int(found[1])
        loaded = Loaded(told.value, told.complete, era, told.tags)
        if told.complete.get(BORN, NOWHERE) < since or self._near.is_outdated(key, loaded):
            return None
        await self._near.keep(key, loaded, left_ms / 1000)
        return told.value

    async def keep(self, key: str, loaded: Loaded, ttl_s: float) -> bool:
        """Keep what was loaded, unless something of it was forgotten for a later event; whether it is kept here."""
        if self._near.is_outdated(key, loaded):
            return False
        kept = await self._near.keep(key, loaded, ttl_s)
        self._tell_value(key, loaded.value, loaded.complete, loaded.tags, ttl_s, said=False)
        return kept

    def put(self, key: str, value: bytes, ttl_s: float, tags: tuple[str, ...] = (), *, at: Place) -> None:
        """Keep what the event at `at` says, unless a later one has said or forgotten something of it."""
        self._near.put(key, value, ttl_s, tags, at=at)
        self._tell_value(key, value, {BORN: at}, tags, ttl_s, said=True)

    def forget(self, *tags: str, at: Place, by: str = BORN) -> int:
        """Forget whatever has one of these keys or tags, because of the event at `at`; how many of those kept here."""
        self._tell(_Forgetting(by, _place(at), tags))
        return self._near.forget(*tags, at=at, by=by)

    def clear(self, prefix: str = "") -> None:
        """Forget everything whose key begins so, and keep nothing that is being loaded now. Events were missed."""
        self._near.clear(prefix)
        self._clearings += 1
        self._tell(_Clearing(prefix))

    async def told(self) -> None:
        """Return once Redis has been told, or has turned out to be away."""
        await self._through.wait()

    def _is_behind(self) -> bool:
        """Whether Redis still has what it should have lost."""
        return self._owes or self._clearings > 0

    def _tell_value(
        self, key: str, value: bytes, complete: Mapping[str, Place], tags: tuple[str, ...], ttl_s: float, *, said: bool
    ) -> None:
        body = _encode(_Told(value, dict(complete), tags))
        places = {by: _place(place) for by, place in complete.items()}
        ttl_ms = max(1, int(ttl_s * 1000))
        self._tell(_Script(KEEP, (self._space, key, body, ttl_ms, _json(places), _json(tags), int(said), MARKS_MS)))

    def _tell(self, what: _Script | _Forgetting | _Clearing) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._give_up()
        self._waiting.append(what)
        self._through.clear()
        self._news.set()

    def _give_up(self) -> None:
        """What waits will not be told: Redis is emptied instead."""
        self._owes, self._clearings = True, 0
        self._waiting.clear()

    async def _run(self) -> None:
        while not self._ends:
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S if self._owes else None):
                    await self._news.wait()
            self._news.clear()
            try:
                if self._owes:
                    await self._empty("")
                    self._owes = False
                while self._waiting:
                    await self._say()
            except SharedStoreAway:
                self._give_up()
            self._through.set()

    async def _say(self) -> None:
        """Tell Redis the next of what waits, in order."""
        if isinstance(first := self._waiting[0], _Clearing):
            self._waiting.popleft()
            await self._empty(first.prefix)
            self._clearings = max(0, self._clearings - 1)
            return
        some: list[_Script | _Forgetting] = []
        while self._waiting and len(some) < TOGETHER and not isinstance(one := self._waiting[0], _Clearing):
            some.append(one)
            self._waiting.popleft()
        scripts = list(self._scripts(some))

        async def say(client: Client) -> None:
            async with client.pipeline(transaction=False) as pipe:
                for script in scripts:
                    pipe.eval(script.text, 0, *script.arguments)
                await pipe.execute()

        await self._link.ask(say)

    def _scripts(self, some: Iterable[_Script | _Forgetting]) -> Iterator[_Script]:
        """What comes to the same: all that is forgotten in a row by one script, each tag for the last event alone."""
        for forgets, row in groupby(some, lambda one: isinstance(one, _Forgetting)):
            if not forgets:
                yield from cast(Iterable[_Script], row)
                continue
            last: dict[tuple[str, str], str] = {}
            for one in cast(Iterable[_Forgetting], row):
                for tag in one.tags:
                    last[one.by, tag] = max(one.place, last.get((one.by, tag), ""))
            said: dict[tuple[str, str], list[str]] = {}
            for (by, tag), place in last.items():
                said.setdefault((by, place), []).append(tag)
            words = [(by, place, tags) for (by, place), tags in said.items()]
            if words:
                yield _Script(FORGET, (self._space, MARKS_MS, _json(words)))

    async def _empty(self, prefix: str) -> None:
        """Drop every value whose key begins so, in steps; without a prefix all that is known of any."""
        pattern = self._space.translate(_ESCAPED) + (f"v:{prefix.translate(_ESCAPED)}*" if prefix else "*")
        cursor = 0
        while True:
            cursor, keys = await self._link.ask(
                lambda client, at=cursor: client.scan(at, match=pattern, count=SCANNED)  # type: ignore[misc]
            )
            if keys:
                await self._link.ask(lambda client, them=keys: client.unlink(*them))  # type: ignore[misc]
            if not cursor:
                return


def _place(place: Place) -> str:
    """A place as a word that sorts as places do: Lua's numbers are too short for stamps."""
    return f"{place[0]:020d}{place[1]:020d}"
