"""One step in one direction: sagas queue for it, who is waiting shares a transaction, answers are booked as they come.

In the same transaction they go on through every further step up to the next question to somebody else: an order's
answer is committed with its next wish. No saga waits for another one's slow call, and under load a transaction serves
many.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import groupby
from typing import Any, Protocol

from opentelemetry.trace import SpanKind

from tradewind.contracts.outcomes import Failed, Outcome, Waiting
from tradewind.kernel.errors import Refusal, Unavailable
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, DatabaseAway, Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.saga import store
from tradewind.runtime.saga.definition import Local, Remote
from tradewind.runtime.saga.settling import Verdict
from tradewind.runtime.saga.working import Working
from tradewind.runtime.telemetry.logs import log, on_behalf_of
from tradewind.runtime.telemetry.traces import span
from tradewind.runtime.wake import POLL_S

MAX_ASK_S = 60.0
"""Longest that one remote call may take, whatever its own time-outs are."""
MAX_TOGETHER = 64
"""Sagas that share one transaction at most."""
PACE_S = 0.060
"""Shortest time between two batches' beginnings: the first goes at once, those that come right after it together. At
200 orders/s on two cores half of it cost 5 % more processor time, and no order came any sooner."""


class Run(Protocol):
    """Takes a batch through this step, and as `far` as it goes."""

    async def __call__(self, batch: Sequence[Any], /, *, far: bool) -> None:
        """In one transaction."""
        ...


class Sink(Protocol):
    """Where a stage hands on what it has settled."""

    def working(self, held: store.Held) -> Working:
        """The step at which `held` stands."""
        ...

    def passed(self, verdicts: Sequence[Verdict]) -> None:
        """These were committed; those that are kept go on at once."""
        ...

    def asking(self, held: store.Held, wish: Any) -> None:
        """This wish of the step at which `held` stands was committed, and is to be sent."""
        ...

    def dropped(self, held: Sequence[store.Held]) -> None:
        """These could not be settled here; whoever claims them after the lease goes on."""
        ...


class TooFar(Exception):  # noqa: N818 -- tells how, not what
    """What broke may be a further step's: nothing was written, and each step is to be taken by itself."""


class Walk:
    """How far sagas come in one transaction: handed on once it is committed."""

    def __init__(self, tx: Tx, sink: Sink, *, far: bool) -> None:
        self._tx, self._sink, self._far = tx, sink, far
        self._ends: dict[Any, Verdict] = {}
        self._asking: list[tuple[store.Held, Any]] = []
        self.labels: list[str] = []
        """The steps whose effects are in this transaction."""
        self.went_on = False

    async def enter(self, working: Working, ours: Sequence[store.Held]) -> None:
        """Enter a step, and those after it as far as that is to be."""
        entered = await working.enter(self._tx, ours)
        if isinstance(working.work, Local) or not entered.asking:
            self.labels.append(working.label)
        for held, _ in entered.asking:
            self._ends.pop(held.id, None)
        self._asking += entered.asking
        await self.go_on(entered.verdicts)

    async def go_on(self, verdicts: Sequence[Verdict]) -> None:
        """Those that are kept are at their next step."""
        self._ends |= {verdict.held.id: verdict for verdict in verdicts}
        kept = [verdict.held._replace(state=verdict.state) for verdict in verdicts if verdict.keep]
        if not (kept and self._far):
            return
        self.went_on = True
        for _, group in groupby(sorted(kept, key=_place), key=_place):
            ours = list(group)
            await (
                self._tx.flush()
            )  # what was put off must not share a statement with the next group's: rows may be the same
            working = self._sink.working(ours[0])
            failpoint(f"saga.{working.label}.begin")
            await self.enter(working, ours)

    def hand_on(self, batch: Sequence[store.Held]) -> None:
        """After the commit: who goes on, who asks, and who of `batch` was not ours."""
        self._sink.passed(list(self._ends.values()))
        for held, wish in self._asking:
            self._sink.asking(held, wish)
        settled = {*self._ends, *(held.id for held, _ in self._asking)}
        self._sink.dropped([held for held in batch if held.id not in settled])


class Stage:
    """The queue of one step in one direction, and the tasks that work it off."""

    def __init__(self, working: Working, db: Database, sink: Sink) -> None:
        self.working = working
        self._label, self._db, self._sink = working.label, db, sink
        self._within_s = min(MAX_ASK_S, working.within.total_seconds())
        self._entered: asyncio.Queue[store.Held] = asyncio.Queue()
        self._answered: asyncio.Queue[tuple[store.Held, Any]] = asyncio.Queue()
        self._limit = asyncio.Semaphore(working.work.at_once if isinstance(working.work, Remote) else 1)
        self._calls: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work; needs a running loop."""
        self._tasks = [asyncio.create_task(self._work(self._entered, self._enter, lambda held: held))]
        if isinstance(self.working.work, Remote):
            self._tasks.append(asyncio.create_task(self._work(self._answered, self._record, lambda one: one[0])))

    async def stop(self) -> None:
        """Leave everything to the next holder of the leases."""
        for task in (*self._tasks, *self._calls):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._calls, return_exceptions=True)

    def put(self, held: store.Held) -> None:
        """Queue a claimed saga. The number of claimed sagas is limited by the runner."""
        self._entered.put_nowait(held)

    def ask(self, held: store.Held, wish: Any) -> None:
        """Send a committed wish as soon as there is room for one more call."""
        call = asyncio.create_task(self._ask(held, wish))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _work(self, queue: asyncio.Queue[Any], run: Run, held: Callable[[Any], store.Held]) -> None:
        """Run batch after batch; where one breaks, each by itself and no step further: nobody fails for another."""
        async for batch in _batches(queue):
            try:
                await run(batch, far=True)
            except Exception as error:
                if len(batch) == 1 and not isinstance(error, TooFar):
                    await self._fail(held(batch[0]), error)
                    continue
                for one in batch:
                    try:
                        await run([one], far=False)
                    except Exception as its_own:
                        await self._fail(held(one), its_own)

    async def _fail(self, held: store.Held, error: Exception) -> None:
        if not isinstance(error, Unavailable):
            log.error("saga step broke", step=self._label, error=repr(error), **held.names)
        try:
            async with self._db.transaction(internal_call(self._label)) as tx:
                ours = await self.working.still_ours(tx, [held])
                # The database's absence is no fault of the step: it waits, and no attempt is counted.
                outcome: Outcome = Waiting(POLL_S) if isinstance(error, DatabaseAway) else Failed(_why(error))
                verdicts = self.working.settle(tx, [(one, outcome) for one in ours])
            self._sink.passed(verdicts)
            self._sink.dropped([] if verdicts else [held])
        except Exception as again:
            log.warning("saga step left to its lease", step=self._label, error=repr(again), **held.names)
            self._sink.dropped([held])

    async def _enter(self, batch: Sequence[store.Held], *, far: bool) -> None:
        async def first(walk: Walk, tx: Tx) -> None:
            await walk.enter(self.working, await self.working.still_ours(tx, batch))

        failpoint(f"saga.{self._label}.begin")
        await self._walk(batch, first, far=far)

    async def _record(self, answered: Sequence[tuple[store.Held, Any]], *, far: bool) -> None:
        batch = [held for held, _ in answered]
        answers = {(held.id, held.fence): answer for held, answer in answered}

        async def first(walk: Walk, tx: Tx) -> None:
            walk.labels.append(self._label)
            ours = await self.working.still_ours(tx, batch)
            await walk.go_on(await self.working.record(tx, [(held, answers[held.id, held.fence]) for held in ours]))

        await self._walk(batch, first, far=far)

    async def _walk(
        self, batch: Sequence[store.Held], first: Callable[[Walk, Tx], Awaitable[None]], *, far: bool
    ) -> None:
        walk: Walk | None = None
        try:
            async with self._db.transaction(internal_call(self._label)) as tx:
                walk = Walk(tx, self._sink, far=far)
                await first(walk, tx)
                _pass("before_commit", walk.labels)
        except Exception as error:
            if walk is not None and walk.went_on:
                raise TooFar from error
            raise
        _pass("after_commit", walk.labels)
        walk.hand_on(batch)

    async def _ask(self, held: store.Held, wish: Any) -> None:
        assert isinstance(self.working.work, Remote)
        async with self._limit:
            asking = span(f"ask {self._label}", held.call.trace_id, kind=SpanKind.CLIENT, orderId=str(held.id))
            with on_behalf_of(held.call), asking:
                answer = await self._answer(self.working.work, held, wish)
        self._answered.put_nowait((held, answer))

    async def _answer(self, work: Remote, held: store.Held, wish: Any) -> Any:
        try:
            failpoint(f"saga.{self._label}.before_ask")
            async with asyncio.timeout(self._within_s):
                answer = await work.ask(self.working.task(held), wish)
            failpoint(f"saga.{self._label}.after_ask")
        except (Unavailable, TimeoutError) as unknown:
            return Failed(_why(unknown))
        except Exception as error:
            log.error("remote call broke", step=self._label, error=repr(error), **held.names)
            return Failed(_why(error))
        return answer


def _pass(point: str, labels: Sequence[str]) -> None:
    for label in labels:
        failpoint(f"saga.{label}.{point}")


def _place(held: store.Held) -> tuple[str, int, bool]:
    return held.kind, held.state.step, held.state.undoing


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
