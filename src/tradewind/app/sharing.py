"""What the processes of a shop share beside the database: each has its own memory, or all have the owner's Redis."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from tradewind.adapters.cache.memory import MemoryCache
from tradewind.api.auth.revocation import RevokedSessions
from tradewind.app.settings import Settings
from tradewind.ports.cache import Cache
from tradewind.ports.rates import SharedWindows

WHICH: Final = """
    SELECT to_hex(system_identifier) || '-' || oid FROM pg_control_system(), pg_database
    WHERE datname = current_database()
"""
"""Tells a database from every other one, also from its own copies: none may be shown another's search index."""


def cache_of(database: str) -> str:
    """What the keys of a database's cache in Redis begin with. The releases before had `cache`, and other values."""
    return f"tradewind:{database}:bodies"


@asynccontextmanager
async def shared(settings: Settings, database: str, revoked: RevokedSessions) -> AsyncIterator[Mapping[type, object]]:
    """Who answers to each port. `database`: whose shop it is; several may have one Redis."""
    if settings.redis_url is None:
        yield {Cache: MemoryCache()}
        return
    async with AsyncExitStack() as stack:
        yield await _by_redis(settings.redis_url, database, revoked, stack)


async def _by_redis(url: str, database: str, revoked: RevokedSessions, stack: AsyncExitStack) -> Mapping[type, object]:
    from tradewind.adapters.cache.redis import RedisCache
    from tradewind.adapters.rates.redis import RedisWindows
    from tradewind.adapters.redis.link import Link
    from tradewind.adapters.revocations.redis import RedisRevocations

    space = f"tradewind:{database}"
    revocations = RedisRevocations(
        Link(url, "revocations"), f"{space}:sessions", keep_s=revoked.keep_s, known=lambda: revoked.known
    )
    revoked.tells = revocations.tell
    await stack.enter_async_context(revocations.listening(revoked.hear))
    windows = RedisWindows(Link(url, "rates"), f"{space}:rates")
    stack.push_async_callback(windows.close)
    cache = await stack.enter_async_context(RedisCache(Link(url, "cache"), cache_of(database)))
    return {Cache: cache, SharedWindows: windows}
