"""Subscribers of tests: they write down what they hear, in the transaction in which they hear it."""

import asyncio
from collections.abc import Callable, Sequence

from tests.counters import HEAR, Counted, count_once
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.subscriptions import Subscriber


class Listener:
    """One that fails where `fails` says so (event, how often it was tried)."""

    def __init__(
        self, name: str, fails: Callable[[Counted, int], bool] = lambda *_: False, *, together: bool = False
    ) -> None:
        self.name, self.fails = name, fails
        self.tries: dict[tuple[str, int], int] = {}
        self.committed: list[tuple[str, int]] = []
        self.traces: list[str] = []
        self.may = asyncio.Event()
        self.may.set()
        react = self._all if together else self._one
        self.subscriber = Subscriber(name, (Counted,), react, together=together)
        self._more = asyncio.Event()

    async def _all(self, events: Sequence[Counted], tx: Tx) -> None:
        for event in events:
            await self._one(event, tx)

    async def _one(self, event: Counted, tx: Tx) -> None:
        await self.may.wait()
        what = (event.name, event.version)
        self.tries[what] = self.tries.get(what, 0) + 1
        if self.fails(event, self.tries[what]):
            raise ValueError(f"cannot bear {event.version}")
        await tx.run(HEAR, self.name, *what)
        trace_id = tx.call.trace_id
        tx.on_commit.append(lambda: self._note(what, trace_id))

    def _note(self, what: tuple[str, int], trace_id: str) -> None:
        self.committed.append(what)
        self.traces.append(trace_id)
        self._more.set()

    async def until(self, number: int, *, within_s: float = 120.0) -> None:
        """Wait until so many were heard and committed."""
        async with asyncio.timeout(within_s):
            while len(self.committed) < number:
                self._more.clear()
                await self._more.wait()


async def count_up(db: Database, times: int, name: str = "a") -> None:
    """Count up, so often."""
    for _ in range(times):
        await count_once(db, name)
