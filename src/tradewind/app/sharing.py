"""What the processes of a shop have in common beside the database: each in its own memory, or all in the owner's Redis."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from tradewind.adapters.cache.memory import MemoryCache
from tradewind.app.settings import Settings
from tradewind.ports.cache import Cache


@asynccontextmanager
async def shared(settings: Settings, database: str) -> AsyncIterator[Mapping[type, object]]:
    """Who answers to each port. `database`: whose shop it is; several may have one Redis."""
    if settings.redis_url is None:
        yield {Cache: MemoryCache()}
        return
    from tradewind.adapters.cache.redis import RedisCache
    from tradewind.adapters.redis.link import Link

    space = f"tradewind:{database}"
    async with AsyncExitStack() as stack:
        cache = RedisCache(Link(settings.redis_url, "cache"), f"{space}:cache")
        yield {Cache: await stack.enter_async_context(cache)}
