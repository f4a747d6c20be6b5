"""Vouches that the shared cache is forgotten for events of other logs, too: for two seconds, over and over.

A stream job forgets there what such events change; no process hears them. So each must know how far the job can be
trusted: whether everything that was there some moment ago has taken effect in Redis. While it has not (the job or Kafka
is away, or behind) values that show such events are not given.

What Redis knows of them belongs to an era, and with it goes everything of them. An era begins with a floor in each
partition, where the topic ended when it began: a value that was loaded before is not kept, for nobody may remember what
it lacks. From there on each event leaves a mark. An era ends where marks may be missing: when nobody vouched for a
while, when Redis was flushed, started again, or had to make room. Floors rise long before marks fade.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.adapters.cache.scripts import LOOK, VOUCH
from tradewind.adapters.cache.telling import MARKS_MS, places
from tradewind.adapters.redis.link import Client, Link
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.cache import Place

VOUCHED_MS: Final = 2_000
"""Nothing is given that lacks an event which has lain in its topic for so long."""
LOOK_S: Final = 0.25
"""Time between two looks."""
FLOOR_MS: Final = MARKS_MS // 5
"""How long a floor stays."""
OPENING_MS: Final = 60_000
"""How long somebody may take to begin an era."""

_json = msgspec.json.Encoder().encode
Where = tuple[str, int]
"""A topic and one of its partitions."""


class Standing(NamedTuple):
    """How far the job is in a partition: `heard`, the next offset that has yet to take effect, and where it ends."""

    heard: int
    end: int


class _Seen(NamedTuple):
    """What one look showed: where partitions ended at a time, which is that of Redis."""

    at_ms: int
    era: str
    begins: bool
    server: str
    ends: Mapping[Where, int]


Standings = Callable[[], Awaitable[Mapping[Where, Standing]]]
"""How far the job is in each partition, all its processes together; raises Unavailable where that is not known."""


class Voucher:
    """`space`: see RedisCache. `standings` are of every partition whose events nobody else hears."""

    def __init__(self, link: Link, space: str, standings: Standings) -> None:
        self._link, self._space, self._standings = link, f"{space}:", standings
        self._seen: _Seen | None = None
        """Once everything that was there then has taken effect, everything from before that look has."""

    async def run(self) -> None:
        """Vouch until cancelled."""
        while True:
            try:
                await self.look()
            except Unavailable:
                self._seen = None
            await asyncio.sleep(LOOK_S)

    async def look(self) -> bool:
        """Look once; whether everything that was there at this look, or at the one that is waited for, is forgotten."""
        at_ms, era, begins, server = await self._ask()
        found = await self._standings()
        now = _Seen(at_ms, era, begins, server, {where: one.end for where, one in found.items()})
        if self._seen is None or all(one.heard >= one.end for one in found.values()):
            self._seen = now
        seen = self._seen
        if any(where not in found or found[where].heard < end for where, end in seen.ends.items()):
            return False
        self._seen = now
        return await self._vouch(seen)

    async def _ask(self) -> tuple[int, str, bool, str]:
        async def ask(client: Client) -> tuple[Any, Any, Any]:
            async with client.pipeline(transaction=False) as pipe:
                pipe.eval(LOOK, 0, self._space, new_id().hex, OPENING_MS)
                pipe.info("server")
                pipe.info("stats")
                looked, server, stats = await pipe.execute()
            return looked, server, stats

        looked, server, stats = await self._link.ask(ask)
        at_ms, era, begins = looked
        return at_ms, era.decode(), bool(begins), f"{server['run_id']}/{stats['evicted_keys']}"

    async def _vouch(self, seen: _Seen) -> bool:
        words = places({_named(where): (0, end) for where, end in seen.ends.items() if end})
        until_ms = seen.at_ms + VOUCHED_MS
        arguments = (self._space, seen.era, int(seen.begins), seen.server, until_ms, FLOOR_MS, _json(words))
        return bool(await self._link.ask(lambda client: client.eval(VOUCH, 0, *arguments)))


def _named(where: Where) -> str:
    return f"{where[0]}/{where[1]}"


def place_after(offset: int) -> Place:
    """The place of an event of another log: whoever has heard it stands behind it."""
    return 0, offset + 1
