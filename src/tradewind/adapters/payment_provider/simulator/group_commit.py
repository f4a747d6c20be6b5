"""One transaction for every wish that waits: the disk is asked once for all of them, and idle costs no wait."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tradewind.adapters.payment_provider.simulator.ledger import Ask, Ledger, Recorded

MAX_BATCH: Final = 512
MAX_WAITING: Final = 8_192

Settled = Callable[[Recorded | None], None]
"""Told what the books say once it is on the disk; None when it could not be written, and nothing was."""


class GroupCommit:
    """A bounded queue in front of the ledger's only writer."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: deque[tuple[Ask, Settled]] = deque()
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._loop = asyncio.get_running_loop()
        self._busy = self._closed = False

    def submit(self, ask: Ask, settled: Settled) -> bool:
        """Queue it, and call `settled` on the loop. False when too many wait or all is over."""
        if self._closed or len(self._waiting) >= MAX_WAITING:
            return False
        self._waiting.append((ask, settled))
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._start)  # after whatever else this turn of the loop reads, so as to take it along
        return True

    async def close(self) -> None:
        """Let the batch under way reach the disk, and stop; what still waits is never settled."""
        self._closed = True
        await asyncio.to_thread(self._thread.shutdown)

    def _start(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
        written = self._loop.run_in_executor(self._thread, self._ledger.record, [ask for ask, _ in batch])
        written.add_done_callback(lambda done: self._finish(batch, done))

    def _finish(self, batch: list[tuple[Ask, Settled]], written: "asyncio.Future[list[Recorded]]") -> None:
        self._busy = bool(self._waiting) and not self._closed
        if self._busy:
            self._start()
        trouble = written.exception()
        answers: list[Recorded] | list[None] = [None] * len(batch) if trouble is not None else written.result()
        for (_, settled), answer in zip(batch, answers, strict=True):
            settled(answer)
        if trouble is not None and not isinstance(trouble, sqlite3.Error):
            raise trouble
