"""A saga small enough to see through: book, pay (remote), confirm (the pivot), thank (remote); scripted and gated."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tests.counters import on_behalf
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import AWAY, Database, Tx
from tradewind.runtime.saga import store
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task
from tradewind.runtime.saga.runner import Runner
from tradewind.runtime.wake import Bell

CREATE: Final = """
    CREATE TABLE public.trip (id uuid PRIMARY KEY, ready boolean NOT NULL, log text[] NOT NULL DEFAULT '{}')
"""
INSERT: Final = "INSERT INTO public.trip (id, ready) SELECT unnest($1::uuid[]), $2"
NOTE: Final = "UPDATE public.trip SET log = log || $2::text WHERE id = ANY($1::uuid[])"
READY: Final = "SELECT id FROM public.trip WHERE ready AND id = ANY($1::uuid[])"
LOG: Final = "SELECT log FROM public.trip WHERE id = $1"
SAGA: Final = "SELECT * FROM runtime.saga WHERE id = $1"
PHASES: Final = "SELECT phase, count(*) FROM runtime.saga GROUP BY phase"
JOURNAL: Final = "SELECT step, message FROM runtime.saga_journal WHERE saga_id = $1 ORDER BY id"
AFTER_ALL: Final = ["book", "pay", "confirm", "thank"]
UNDONE: Final = ["undo_pay", "undo_book", "end"]


class PausedRunner(Runner):
    """Claims once; what it holds it holds without renewing."""

    async def _claim(self) -> int:
        return 0 if self._stages else await super()._claim()

    async def _renew(self) -> None:
        return


@dataclass
class Trips:
    """Trips of one database. `script[label]`: what comes instead of a yes, next call first; `gates` hold steps up."""

    db: Database
    bell: Bell
    script: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    reached: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    asked: list[str] = field(default_factory=list)
    """Effect keys of all remote calls, in order."""
    refused: set[str] = field(default_factory=set)
    ended: list[Task] = field(default_factory=list)

    def saga(self, version: int = 1, **limits: Any) -> Saga:
        """The definition; `limits` are those of the whole saga, or of its step pay (`pay_within`, `pay_attempts`)."""
        pay_within, pay_attempts = limits.pop("pay_within", 60.0), limits.pop("pay_attempts", 3)
        return Saga(
            name="trip",
            version=version,
            steps=(
                Step(name="book", do=self._local("book"), undo=self._local("undo_book")),
                Step(
                    name="pay", do=self._remote("pay"), undo=self._remote("undo_pay"), attempts=pay_attempts,
                    within=timedelta(seconds=pay_within),
                ),
                Step(name="confirm", do=self._local("confirm")),
                Step(name="thank", do=self._remote("thank"), attempts=2),
            ),
            pivot="confirm",
            end=self._local("end"),
            **limits,
        )  # fmt: skip

    def _local(self, label: str) -> Local:
        async def run(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
            ready = {row["id"] for row in await tx.all(READY, [task.saga_id for task in tasks])}
            await self._pass(label)
            if label == "end":
                self.ended += tasks
            outcomes = [self._next(label) if task.saga_id in ready else Waiting(3600.0) for task in tasks]
            return await self._written(tx, label, tasks, outcomes)

        return Local(run)

    def _remote(self, label: str) -> Remote:
        async def prepare(_tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
            return ["please"] * len(tasks)

        async def ask(task: Task, _wish: Any) -> Outcome:
            self.asked.append(task.effect_key)
            await self._pass(label)
            if task.effect_key in self.refused:
                return Refused("no, as before")
            outcome = self._next(label)
            if isinstance(outcome, Refused):
                self.refused.add(task.effect_key)
            return outcome

        async def record(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
            if self.script[f"record_{label}"]:
                raise ValueError(self.script[f"record_{label}"].pop())
            return await self._written(tx, label, [task for task, _ in answered], [answer for _, answer in answered])

        return Remote(prepare, ask, record)

    async def _pass(self, label: str) -> None:
        self.reached[label].set()
        if gate := self.gates.get(label):
            await gate.wait()

    def _next(self, label: str) -> Outcome:
        match self.script[label].pop(0) if self.script[label] else "yes":
            case "no":
                return Refused("no")
            case "fails":
                return Failed("it failed")
            case "later":
                return Waiting(3600.0)
            case "away":
                raise Unavailable("nobody is there")
            case "breaks":
                raise ValueError("a bug")
            case _:
                pass
        return Done()

    async def _written(
        self, tx: Tx, label: str, tasks: Sequence[Task], outcomes: Sequence[Outcome]
    ) -> Sequence[Outcome]:
        done = [task.saga_id for task, outcome in zip(tasks, outcomes, strict=True) if isinstance(outcome, Done)]
        await tx.run(NOTE, done, label)
        tx.ring()
        return outcomes

    async def begin(self, saga: Saga, number: int = 1, *, ready: bool = True) -> list[UUID]:
        """Begin trips."""
        ids = [new_id() for _ in range(number)]
        async with self.db.transaction(on_behalf()) as tx:
            await tx.run(INSERT, ids, ready)
            store.begin(tx, saga, ids, [on_behalf()] * number)
            tx.ring()
        return ids

    @asynccontextmanager
    async def running(self, saga: Saga, *, lease_s: float = 60.0, paused: bool = False) -> AsyncIterator[Runner]:
        """A runner at work. `paused`: it claims once, and never renews a lease, as a stopped process would not."""
        stop = asyncio.Event()
        runner = (PausedRunner if paused else Runner)(self.db, [saga], self.bell, lease_s=lease_s)
        task = asyncio.create_task(runner.run(stop))
        try:
            yield runner
        finally:
            stop.set()
            self.bell.ring()
            await task

    async def until(self, look: Callable[[], Awaitable[bool]]) -> None:
        """Look at every ring until it is so."""
        async with asyncio.timeout(30):
            while True:
                rings = self.bell.rings
                with suppress(*AWAY):  # some tests kill connections, this one's too
                    if await look():
                        return
                await self.bell.rung(0.05, since=rings)

    async def until_phase(self, phase: str, number: int = 1) -> None:
        """Until so many sagas are in `phase`."""

        async def look() -> bool:
            return {row[0]: row[1] for row in await self.db.pool.fetch(PHASES)}.get(phase) == number

        await self.until(look)

    async def row(self, saga_id: UUID) -> Any:
        """The saga's row."""
        return await self.db.pool.fetchrow(SAGA, saga_id)

    async def log(self, saga_id: UUID) -> list[str]:
        """What was done and undone, in order."""
        found: list[str] = await self.db.pool.fetchval(LOG, saga_id)
        return found

    async def journal(self, saga_id: UUID) -> list[tuple[str, str]]:
        """What was said: (step, message)."""
        return [tuple(row) for row in await self.db.pool.fetch(JOURNAL, saga_id)]
