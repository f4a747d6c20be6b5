"""One Redis, as one part of this process uses it: it answers within a moment, or counts as away for a while.

Whoever asks meanwhile is refused at once, so that a Redis that hangs costs one wait and not one for each request. That
it went away and that it came back is logged once each; the metric `shared_store_away` says how it is now.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tradewind.adapters.absence import Absence
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.telemetry import metrics

T = TypeVar("T")
Client = Any
"""A redis.asyncio.Redis, whose own types promise less than it does."""

ANSWER_S: Final = 0.5
"""Longest wait for an answer, connecting included; then it counts as away."""
RETRY_S: Final = 1.0
"""Time for which nobody asks a Redis that is away."""
CONNECTIONS: Final = 16
"""Of one part of a process."""
NO_RETRIES: Final = Retry(NoBackoff(), 0)
"""Whoever asks decides by itself what it does without an answer."""


class SharedStoreAway(Unavailable):
    """The store that processes share does not answer."""


class Link:
    """`part`: who asks, for the metric and the log. Close it in the loop that used it."""

    def __init__(self, url: str, part: str, *, answer_s: float = ANSWER_S, retry_s: float = RETRY_S) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=answer_s,
            socket_timeout=answer_s,
            socket_connect_timeout=answer_s,
            retry=NO_RETRIES,
        )
        self.client: Client = Redis.from_pool(pool)
        self._answer_s = answer_s
        self._absence = Absence(metrics.shared_store_away.labels(part), "shared store is", retry_s, part=part)

    async def close(self) -> None:
        """Give the connections up."""
        await self.client.aclose()

    async def ask(self, question: Callable[[Client], Awaitable[T]]) -> T:
        """The answer to `question`, or SharedStoreAway: then nobody knows whether it was done."""
        if self._absence.is_left_alone:
            raise SharedStoreAway
        try:
            async with asyncio.timeout(self._answer_s):
                answer = await question(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            self.lost(error)
            raise SharedStoreAway from None
        self._absence.found()
        return answer

    def lost(self, error: BaseException) -> None:
        """A connection that this part has beside its questions broke, or could not be made."""
        self._absence.lost(error)
