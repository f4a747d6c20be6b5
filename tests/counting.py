"""A command that counts up in batches, and can be told to go wrong in every way that a command may."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.counters import count
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict, Refusal, Stale
from tradewind.runtime.batching import Lane, Task
from tradewind.runtime.database import Busy, Database, Tx
from tradewind.runtime.handlers import batched

DIVIDE: Final = "SELECT 1 / 0"
HANG_UP: Final = "SELECT pg_terminate_backend(pg_backend_pid())"


class CountUp(Command, frozen=True):
    """Count `name` up; or do what `instead` says."""

    name: str
    instead: str = ""


class NoMore(Conflict):
    """It is not counted up any more."""


@dataclass
class Counting:
    """A handler of CountUp that notes each batch, and waits for `gate` in each."""

    batches: list[list[str]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    """Released at the begin of each batch."""

    async def handle(self, tasks: Sequence[Task], tx: Tx) -> Sequence[int | Refusal]:
        """The new versions, in order."""
        self.batches.append([task.command.name for task in tasks])
        self.begun.release()
        await self.gate.wait()
        return [await self._one(task.command, tx) for task in tasks]

    async def _one(self, command: CountUp, tx: Tx) -> int | Refusal:
        match command.instead:
            case "refuse":
                return NoMore(name=command.name)
            case "raise":
                raise ValueError(command.name)
            case "divide":
                await tx.value(DIVIDE)
            case "stale" if len(self.batches) < 3:
                raise Stale
            case "always stale":
                raise Stale
            case "busy":
                raise Busy
            case "hang up":
                await tx.value(HANG_UP)
            case _:
                pass
        return await count(tx, command.name)

    @property
    def handler(self) -> Any:
        """The batched handler of CountUp."""

        @batched(CountUp, action="test.count", answer=int)
        async def count_up(tasks: Sequence[Task], tx: Tx) -> Sequence[int | Refusal]:
            return await self.handle(tasks, tx)

        return count_up

    def lane(self, db: Database) -> Lane:
        """A lane that is answered by this; it is not started yet."""
        return Lane(self.handler.spec, db)


def open_counting() -> Counting:
    """One that waits for nothing."""
    counting = Counting()
    counting.gate.set()
    return counting
