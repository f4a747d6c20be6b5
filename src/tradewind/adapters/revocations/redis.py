"""Sessions that have ended, told to every process at once by Redis; caught up with by who was not listening.

Whoever ends a session notes it in a sorted set, by when, and publishes it. Every process listens, and looks into the
set when it begins to, when it was cut off, and now and then, for what is published is lost on who does not hear it.
Nothing here decides alone: each process hears the same from the log and asks the database where it may be behind, so a
Redis that is away, empty or late lets nobody in. What it was not told it is told when it is back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any, Final

from redis.exceptions import RedisError

from tradewind.adapters.redis.link import ANSWER_S, RETRY_S, Client, Link, SharedStoreAway
from tradewind.kernel import clock

LOOK_EVERY_S: Final = 5.0
"""Time between two looks into the set while listening."""
AT_ONCE: Final = 10_000
"""Sessions told or taken in by one question, at most; Redis may hand out a few more."""

Heard = Callable[[str, float], None]
"""A session has ended, at that time (seconds since 1970)."""


class RedisRevocations:
    """`known`: the sessions of which this process knows that they have ended, by when. Enter `listening` in a loop."""

    def __init__(
        self,
        link: Link,
        space: str,
        *,
        keep_s: float,
        known: Callable[[], Mapping[str, float]],
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._link, self._set, self._channel = link, f"{space}:ended", f"{space}:ends"
        self._keep_s, self._known, self._look_every_s = keep_s, known, look_every_s
        self._untold: dict[str, float] = {}
        self._news = asyncio.Event()
        self._ends = False

    def tell(self, session_id: str) -> None:
        """This session has ended just now; at once, or as soon as Redis can be told."""
        self._untold[session_id] = clock.now().timestamp()
        self._news.set()

    @asynccontextmanager
    async def listening(self, heard: Heard) -> AsyncIterator[None]:
        """Hear what other processes tell, and tell them, meanwhile."""
        says, listens = asyncio.create_task(self._say()), asyncio.create_task(self._listen(heard))
        try:
            yield
        finally:
            self._ends = True
            self._news.set()
            listens.cancel()
            await asyncio.wait([says], timeout=ANSWER_S)
            says.cancel()
            await asyncio.gather(says, listens, return_exceptions=True)
            await self._link.close()

    async def _say(self) -> None:
        while not self._ends:
            await self._news.wait()
            self._news.clear()
            try:
                while self._untold:
                    await self._note(dict(list(self._untold.items())[:AT_ONCE]), publish=True)
            except SharedStoreAway:
                if not self._ends:
                    await asyncio.sleep(RETRY_S)
                    self._news.set()

    async def _note(self, ended: Mapping[str, float], *, publish: bool) -> None:
        """Note them in the set, tell who listens, and forget those whose tokens have all expired."""
        old = clock.now().timestamp() - self._keep_s

        async def note(client: Client) -> None:
            async with client.pipeline(transaction=True) as pipe:
                pipe.zadd(self._set, dict(ended), nx=True)
                pipe.zremrangebyscore(self._set, "-inf", old)
                pipe.expire(self._set, int(self._keep_s) + 1)
                if publish:
                    for session_id, at in ended.items():
                        pipe.publish(self._channel, f"{at} {session_id}")
                await pipe.execute()

        await self._link.ask(note)
        for session_id in ended:
            self._untold.pop(session_id, None)

    async def _listen(self, heard: Heard) -> None:
        while not self._ends:
            try:
                with suppress(SharedStoreAway):
                    async with self._link.client.pubsub(ignore_subscribe_messages=True) as channel:
                        await channel.subscribe(self._channel)
                        await self._follow(channel, heard)
            except (RedisError, OSError, TimeoutError) as error:
                self._link.lost(error)
            await asyncio.sleep(RETRY_S)

    async def _follow(self, channel: Any, heard: Heard) -> None:
        """From one connection, until it breaks. A set that knows less than we do has lost it, and is told again."""
        while not self._ends:
            noted = await self._look()
            for session_id, at in noted.items():
                heard(session_id, at)
            missing = [(one, at) for one, at in self._known().items() if one not in noted]
            for begin in range(0, len(missing), AT_ONCE):
                await self._note(dict(missing[begin : begin + AT_ONCE]), publish=False)
            until = monotonic() + self._look_every_s
            while (left_s := until - monotonic()) > 0:
                message = await channel.get_message(timeout=left_s)
                if message is not None:
                    at, _, session_id = message["data"].decode().partition(" ")
                    heard(session_id, float(at))

    async def _look(self) -> dict[str, float]:
        """All that ended of late, by the set: piece by piece, since all at once may take longer than is waited for.

        What comes into the set meanwhile may be left out, but is heard of, since who looks listens already.
        """
        since, cursor, noted = clock.now().timestamp() - self._keep_s, 0, dict[str, float]()
        while True:
            cursor, rows = await self._link.ask(
                lambda client, at=cursor: client.zscan(self._set, at, count=AT_ONCE)  # type: ignore[misc]
            )
            noted |= {session_id.decode(): at for session_id, at in rows if at >= since}
            if not cursor:
                return noted
