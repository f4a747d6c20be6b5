"""A loop beside the main thread, for processes whose main thread belongs to a stream processor."""

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import Any, Final, TypeVar

from tradewind.app.engines import engines
from tradewind.app.settings import Settings
from tradewind.runtime.pool import open_pool
from tradewind.runtime.telemetry.logs import log

T = TypeVar("T")
WITHIN_S: Final = 30.0
JOIN_S: Final = 120.0
"""Longest wait for the home's Postgres, which another part of `serve` may be starting."""
CONNECTIONS: Final = 2


class Beside:
    """The loop runs as long as the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, daemon=True).start()

    def wait_for(self, work: Coroutine[Any, Any, T], within_s: float = WITHIN_S) -> T:
        """What `work` comes to in that loop; raises TimeoutError, and what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have it go on until the process ends, which it has to where this fails: `serve` starts it again."""
        asyncio.run_coroutine_threadsafe(work, self._loop).add_done_callback(_end)


@contextmanager
def postgres_beside(settings: Settings) -> Iterator[tuple[Beside, Any]]:
    """A loop and, to be asked within it, a few connections to the shop's Postgres, until the block is left.

    Raises EngineError where there is none, and TimeoutError.
    """
    beside = Beside()
    of_home = engines(settings)
    found = beside.wait_for(of_home.__aenter__(), JOIN_S)
    try:
        pool: Any = beside.wait_for(open_pool(found.database_url, size=CONNECTIONS))
        yield beside, pool
        beside.wait_for(pool.close())
    finally:
        beside.wait_for(of_home.__aexit__(None, None, None))


def _end(done: "Future[None]") -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("work beside the main thread failed", exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)
