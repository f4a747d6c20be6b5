"""The bell: tells readers in every process that something was committed, without paying for it in each commit.

NOTIFY takes a lock that all committing transactions share, so writers do not notify: they ring, and one task a process
sends one notification for all rings of the last INTERVAL_S. It wakes the process's own readers at the same pace: each
look costs them more than it costs others to wait. A lost ring costs at most a reader's own POLL_S.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final, Self

import asyncpg

from tradewind.kernel.ids import new_id
from tradewind.runtime.database import AWAY, Database
from tradewind.runtime.telemetry.logs import log

CHANNEL: Final = "tradewind_told"
NOTIFY: Final = "SELECT pg_notify('tradewind_told', $1)"
INTERVAL_S = 0.020
"""Shortest time between two notifications of one process; the first one goes at once."""
POLL_S = 0.5
"""Longest time a reader sleeps when no bell rings."""
RECONNECT_S = 0.25


class Bell:
    """Rings across processes. Who notes `rings` before looking and waits `since` then misses no ring in between."""

    def __init__(self, db: Database, url: str) -> None:
        self._db = db
        self._url = url
        self._name = new_id().hex
        self._to_send = asyncio.Event()
        self._heard = asyncio.Event()
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.rings = 0
        """How often it rang in this process."""
        db.on_told = self.ring

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._listen())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ring(self) -> None:
        """Something was committed."""
        self._to_send.set()

    def _hear(self, _connection: object, _pid: int, _channel: str, sender: str) -> None:
        if sender != self._name:
            self._wake()

    def _wake(self) -> None:
        self.rings += 1
        heard, self._heard = self._heard, asyncio.Event()
        heard.set()

    async def rung(self, timeout_s: float = POLL_S, *, since: int | None = None) -> None:
        """Return at the next ring, or after `timeout_s`; at once where it rang after there had been `since` rings."""
        if since is not None and self.rings > since:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._heard.wait()

    async def ring_out(self, stop: asyncio.Event) -> None:
        """At `stop`, have everybody here who waits for a ring or for the end look at once."""
        self._over.clear()
        await stop.wait()
        self._over.set()
        self._wake()

    async def over(self, timeout_s: float) -> None:
        """Return when work ends, or after `timeout_s`: for those whom no ring brings anything."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._over.wait()

    async def _send(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            self._wake()
            with suppress(asyncpg.PostgresError, *AWAY):
                await self._db.pool.execute(NOTIFY, self._name)
            await asyncio.sleep(INTERVAL_S)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (asyncpg.PostgresError, *AWAY) as error:
                log.warning("bell lost its connection", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _listen_once(self) -> None:
        connection: Any = await asyncpg.connect(self._url)
        try:
            gone = asyncio.Event()
            connection.add_termination_listener(lambda *_: gone.set())
            await connection.add_listener(CHANNEL, self._hear)
            self._wake()  # what rang while nobody listened
            await gone.wait()
        finally:
            connection.terminate()
