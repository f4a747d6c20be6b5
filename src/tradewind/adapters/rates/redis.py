"""Requests counted in Redis, by its clock, for every process: the sliding window of api/rest/rates.py in one step.

Each key has two counters, of this window and of the one before; both are gone when they no longer matter. Keys are
digests: they name people and their addresses.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from tradewind.adapters.redis.link import Link
from tradewind.ports.rates import Count

COUNT: Final = """
local key, limit, window = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local at = math.floor(now / window)
local elapsed = now - at * window
local this = key .. ':' .. string.format('%.0f', at)
local before = tonumber(redis.call('GET', key .. ':' .. string.format('%.0f', at - 1)) or '0')
local counted = tonumber(redis.call('GET', this) or '0')
local fits = math.floor(before * (1 - elapsed / window) + counted) < limit
if fits then
  counted = redis.call('INCR', this)
  redis.call('EXPIRE', this, 2 * window)
end
return {fits and 1 or 0, before, counted, string.format('%.6f', elapsed)}
"""
"""key, limit, window in seconds, time (Redis' own where there is none) → as ports.rates.Count."""


class RedisWindows:
    """Answers to ports.rates.SharedWindows. `clock`: seconds, in place of the clock of Redis; for tests."""

    def __init__(self, link: Link, space: str, *, clock: Callable[[], float] | None = None) -> None:
        self._link, self._space, self._clock = link, space, clock

    async def close(self) -> None:
        """Give the connections up."""
        await self._link.close()

    async def count(self, key: str, limit: int, window_s: int) -> Count:
        """Count one request where that keeps within `limit`. Refuses SharedStoreAway."""
        name = f"{self._space}:{blake2b(key.encode(), digest_size=16).hexdigest()}"
        at = "" if self._clock is None else repr(self._clock())
        fits, before, counted, elapsed = await self._link.ask(
            lambda client: client.eval(COUNT, 0, name, limit, window_s, at)
        )
        return Count(bool(fits), before, counted, float(elapsed))
