"""One step in one direction: sagas queue for it, who is waiting shares a transaction, answers are booked as they come.

No saga waits for another one's slow call, and under load each transaction serves many.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.kernel.errors import Refusal, Unavailable
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, DatabaseAway, Tx
from tradewind.runtime.failpoints import failpoint, planted
from tradewind.runtime.saga import store
from tradewind.runtime.saga.advance import StepDone, StepFailed, StepRefused
from tradewind.runtime.saga.definition import Local, Remote, Saga, Task, Work
from tradewind.runtime.saga.settling import Booking, Verdict
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.wake import POLL_S

MAX_ASK_S = 60.0
"""Longest that one remote call may take, whatever its own time-outs are."""
MAX_TOGETHER = 64
"""Sagas that share one transaction at most."""
PACE_S = 0.030
"""Shortest time between two batches' beginnings: the first goes at once, those that come right after it together."""


class Sink(Protocol):
    """Where a stage hands on what it has settled."""

    def passed(self, verdicts: Sequence[Verdict]) -> None:
        """These were committed; those that are kept go on at once."""
        ...

    def dropped(self, held: Sequence[store.Held]) -> None:
        """These could not be settled here; whoever claims them after the lease goes on."""
        ...


class Stage:
    """The queue of one step in one direction, and the tasks that work it off."""

    def __init__(self, saga: Saga, step: int, *, undoing: bool, db: Database, booking: Booking, sink: Sink) -> None:
        self._saga, self._step, self._undoing = saga, step, undoing
        self._db, self._booking, self._sink = db, booking, sink
        self._within_s = min(MAX_ASK_S, saga.steps[max(0, step - 1) if undoing else step].within.total_seconds())
        self.label, self._work = _what(saga, step, undoing=undoing)
        self._entered: asyncio.Queue[store.Held] = asyncio.Queue()
        self._answered: asyncio.Queue[tuple[store.Held, Any]] = asyncio.Queue()
        self._limit = asyncio.Semaphore(self._work.at_once if isinstance(self._work, Remote) else 1)
        self._calls: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work; needs a running loop."""
        self._tasks = [asyncio.create_task(self._enter())]
        if isinstance(self._work, Remote):
            self._tasks.append(asyncio.create_task(self._book()))

    async def stop(self) -> None:
        """Leave everything to the next holder of the leases."""
        for task in (*self._tasks, *self._calls):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._calls, return_exceptions=True)

    def put(self, held: store.Held) -> None:
        """Queue a claimed saga. The number of claimed sagas is limited by the runner."""
        self._entered.put_nowait(held)

    async def _enter(self) -> None:
        async for batch in _batches(self._entered):
            await self._attempt(batch, self._prepare if isinstance(self._work, Remote) else self._local)

    async def _book(self) -> None:
        async for batch in _batches(self._answered):
            await self._attempt(batch, self._record)

    async def _attempt(self, batch: Sequence[Any], run: Any) -> None:
        """Run a batch; where it fails, each by itself: no saga fails because of its neighbour."""
        try:
            await run(batch)
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    await self._attempt([one], run)
            else:
                await self._fail(batch[0] if isinstance(batch[0], store.Held) else batch[0][0], error)

    async def _fail(self, held: store.Held, error: Exception) -> None:
        if not isinstance(error, Unavailable):
            log.error("saga step broke", step=self.label, orderId=str(held.id), error=repr(error))
        try:
            async with self._db.transaction(internal_call(self.label)) as tx:
                ours = _fresh([held], await self._still_ours(tx, [held]))
                # The database's absence is no fault of the step: it waits, and no attempt is counted.
                outcome = Waiting(POLL_S) if isinstance(error, DatabaseAway) else Failed(_why(error))
                verdicts = await self._settle(tx, ours, [outcome] * len(ours))
            self._hand_on([held], verdicts)
        except Exception as again:
            log.warning("saga step left to its lease", step=self.label, orderId=str(held.id), error=repr(again))
            self._sink.dropped([held])

    async def _local(self, batch: Sequence[store.Held]) -> None:
        assert isinstance(self._work, Local)
        failpoint(f"saga.{self.label}.begin")
        async with self._db.transaction(internal_call(self.label)) as tx:
            ours, cancelled = await self._ours(tx, batch)
            outcomes = await self._work.run(tx, [self._task(held) for held in ours]) if ours else []
            verdicts = await self._settle(tx, [*ours, *cancelled], [*outcomes, *_given_up(cancelled)])
            failpoint(f"saga.{self.label}.before_commit")
        failpoint(f"saga.{self.label}.after_commit")
        self._hand_on(batch, verdicts)

    async def _prepare(self, batch: Sequence[store.Held]) -> None:
        assert isinstance(self._work, Remote)
        failpoint(f"saga.{self.label}.begin")
        async with self._db.transaction(internal_call(self.label)) as tx:
            ours, cancelled = await self._ours(tx, batch)
            wishes = await self._work.prepare(tx, [self._task(held) for held in ours]) if ours else []
            asking = [(held, wish) for held, wish in zip(ours, wishes, strict=True) if not _is_outcome(wish)]
            settled = [(held, wish) for held, wish in zip(ours, wishes, strict=True) if _is_outcome(wish)]
            held_back = [*(held for held, _ in settled), *cancelled]
            verdicts = await self._settle(tx, held_back, [*(outcome for _, outcome in settled), *_given_up(cancelled)])
        under_way = {held.id for held, _ in asking}
        self._hand_on([held for held in batch if held.id not in under_way], verdicts)
        for held, wish in asking:
            call = asyncio.create_task(self._ask(held, wish))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    async def _ask(self, held: store.Held, wish: Any) -> None:
        assert isinstance(self._work, Remote)
        async with self._limit:
            try:
                failpoint(f"saga.{self.label}.before_ask")
                async with asyncio.timeout(self._within_s):
                    answer: Any = await self._work.ask(self._task(held), wish)
                failpoint(f"saga.{self.label}.after_ask")
            except (Unavailable, TimeoutError) as unknown:
                answer = Failed(_why(unknown))
            except Exception as error:
                log.error("remote call broke", step=self.label, orderId=str(held.id), error=repr(error))
                answer = Failed(_why(error))
        self._answered.put_nowait((held, answer))

    async def _record(self, answered: Sequence[tuple[store.Held, Any]]) -> None:
        assert isinstance(self._work, Remote)
        async with self._db.transaction(internal_call(self.label)) as tx:
            mine = await self._still_ours(tx, [held for held, _ in answered])
            known = [(held, answer) for held, answer in answered if held.id in mine]
            told = [(held, answer) for held, answer in known if not isinstance(answer, Failed)]
            outcomes = (
                await self._work.record(tx, [(self._task(held), answer) for held, answer in told]) if told else []
            )
            failed = [(held, answer) for held, answer in known if isinstance(answer, Failed)]
            both = [*zip((held for held, _ in told), outcomes, strict=True), *failed]
            fresh = _fresh([held for held, _ in both], mine)
            verdicts = await self._settle(tx, fresh, [outcome for _, outcome in both])
            failpoint(f"saga.{self.label}.before_commit")
        failpoint(f"saga.{self.label}.after_commit")
        self._hand_on([held for held, _ in answered], verdicts)

    async def _still_ours(self, tx: Tx, batch: Sequence[store.Held]) -> dict[Any, str | None]:
        tx.calls = {str(held.id): held.call for held in batch}
        if planted("write_without_fence"):
            return {held.id: None for held in batch}
        return await store.lock(tx, batch)

    async def _ours(self, tx: Tx, batch: Sequence[store.Held]) -> tuple[list[store.Held], list[store.Held]]:
        """Those that are still ours to carry on, and those of ours that somebody wants undone."""
        mine = await self._still_ours(tx, batch)
        fresh = _fresh(batch, mine)
        stop = [
            held for held in fresh if held.state.cancel and not self._undoing and self._step <= self._saga.pivot_index
        ]
        return [held for held in fresh if held not in stop], stop

    async def _settle(self, tx: Tx, batch: Sequence[store.Held], outcomes: Sequence[Outcome]) -> list[Verdict]:
        said = [self._said(outcome) for outcome in outcomes]
        return self._booking.book(tx, self._saga, self.label, list(zip(batch, said, outcomes, strict=True)))

    def _said(self, outcome: Outcome) -> StepDone | StepRefused | StepFailed | None:
        match outcome:
            case Done():
                return StepDone(step=self._step, undoing=self._undoing)
            case Refused(why=why):
                return StepRefused(step=self._step, undoing=self._undoing, why=why)
            case Failed(why=why):
                return StepFailed(step=self._step, undoing=self._undoing, why=why, final=outcome is _GIVEN_UP)
            case Waiting():
                return None

    def _hand_on(self, batch: Sequence[store.Held], verdicts: Sequence[Verdict]) -> None:
        settled = {verdict.held.id for verdict in verdicts}
        self._sink.passed(verdicts)
        self._sink.dropped([held for held in batch if held.id not in settled])

    def _task(self, held: store.Held) -> Task:
        group = "fresh" if planted("effect_without_key") else held.state.attempt_group
        key = f"{held.id}/{self.label}/{group}"
        if planted("effect_without_key"):
            key += f"/{held.fence}-{held.state.attempt}"
        return Task(held.id, key, held.call, held.state.cancel or held.state.why, held.state.refused)


_GIVEN_UP = Failed("given up")


def _given_up(held: Sequence[store.Held]) -> list[Outcome]:
    return [_GIVEN_UP] * len(held)


def _is_outcome(wish: Any) -> bool:
    return isinstance(wish, Done | Refused | Failed | Waiting)


def _fresh(batch: Sequence[store.Held], mine: dict[Any, str | None]) -> list[store.Held]:
    """Those of `batch` that are ours, with what their locked rows say of a cancel by now."""
    return [held._replace(state=replace(held.state, cancel=mine[held.id])) for held in batch if held.id in mine]


def _why(error: Exception) -> str:
    """What owners of the saga may read; the log has the rest."""
    return error.detail if isinstance(error, Refusal) else type(error).__name__


async def _batches(queue: asyncio.Queue[Any]) -> AsyncIterator[list[Any]]:
    loop = asyncio.get_running_loop()
    while True:
        batch = await _drain(queue)
        began_s = loop.time()
        yield batch
        await asyncio.sleep(began_s + PACE_S - loop.time())


async def _drain(queue: asyncio.Queue[Any]) -> list[Any]:
    """Wait for one, then take whoever else is there, up to MAX_TOGETHER."""
    batch = [await queue.get()]
    while len(batch) < MAX_TOGETHER and not queue.empty():
        batch.append(queue.get_nowait())
    return batch


def _what(saga: Saga, step: int, *, undoing: bool) -> tuple[str, Work]:
    """The name and the work of a stage; undoing with nothing left to undo is the saga's end."""
    if not undoing:
        return saga.steps[step].name, saga.steps[step].do
    if step == 0:
        return "end", saga.end
    undone = saga.steps[step - 1]
    return f"undo_{undone.name}", undone.undo or Local(_nothing)


async def _nothing(_tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    return [Done()] * len(tasks)
