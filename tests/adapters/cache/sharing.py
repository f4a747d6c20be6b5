"""Several processes' caches on one Redis, in a space of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from redis.asyncio import Redis

from tradewind.adapters.cache.memory import MemoryCache
from tradewind.adapters.cache.redis import RedisCache
from tradewind.adapters.redis.link import Link
from tradewind.kernel.ids import new_id

ANSWER_S: Final = 1.0
"""Short, so that a Redis that hangs holds up the tests for a moment only; long enough on a busy machine."""
RETRY_S: Final = 0.05


class Space:
    """One shop's cache in Redis."""

    def __init__(self, url: str, client: Any) -> None:
        self.name = f"test:{new_id().hex}"
        self._url, self.client = url, client

    @asynccontextmanager
    async def process(self, near: MemoryCache | None = None, url: str = "") -> AsyncIterator[RedisCache]:
        """The cache of one process, as long as it lives."""
        link = Link(url or self._url, "cache", answer_s=ANSWER_S, retry_s=RETRY_S)
        async with RedisCache(link, self.name, near) as cache:
            yield cache

    async def keys(self) -> list[bytes]:
        """Everything that lies there."""
        return [key async for key in self.client.scan_iter(match=f"{self.name}:*", count=1000)]

    async def age(self, seconds: float) -> None:
        """Let everything that lies there grow older."""
        for key in await self.keys():
            await self.client.pexpire(key, max(0, await self.client.pttl(key) - int(seconds * 1000)))

    async def flush(self) -> None:
        """Lose everything, as a Redis that keeps nothing on a disk does when it is started again."""
        if keys := await self.keys():
            await self.client.unlink(*keys)


@asynccontextmanager
async def shared(url: str) -> AsyncIterator[Space]:
    """A space of its own; afterwards it is empty again."""
    async with Redis.from_url(url) as client:
        space = Space(url, client)
        try:
            yield space
        finally:
            await space.flush()
