"""The hot path: whoever is waiting shares one transaction. Alone nobody waits; together nobody pays for one each."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Refusal, Stale, Unavailable
from tradewind.runtime import idempotency
from tradewind.runtime.call import Call, internal_call
from tradewind.runtime.database import Busy, Database, DatabaseAway, Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.handlers import MAX_BATCH, HandlerSpec
from tradewind.runtime.switches import turned_away
from tradewind.runtime.telemetry import metrics

MAX_WAITING = 10_000
"""Commands in one lane's queue; the next one is refused."""
MAX_TRIES = 3
PATIENCE_S = 5.0
"""What is under way when a lane stops has so long to end."""
WORKERS = 2
"""Transactions of one lane that are open at once: while one commits, the next fills."""
CROWD = 16
"""Commands that must wait before a second transaction is opened beside the first: fewer share the next one."""


class QueueFull(Unavailable):
    """Too many commands are waiting; come again shortly."""


@dataclass(eq=False)
class Task:
    """A command that waits for its answer."""

    command: Any
    call: Call
    claim: idempotency.Claim | None
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, outcome: Any) -> None:
        """Give the waiting caller an answer, a refusal or an error."""
        if self.answer.done():
            return
        if isinstance(outcome, BaseException):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class Lane:
    """Answers one kind of command in batches of at most MAX_BATCH, in order of arrival."""

    def __init__(self, spec: HandlerSpec, db: Database) -> None:
        self._spec = spec
        self._db = db
        self._queue: deque[Task] = deque()
        self._open = 0
        self._due = asyncio.Event()
        """Set while a batch is to be taken; the lane looks again whenever a command comes or a transaction ends."""
        self._leaders: dict[str, Task] = {}
        self._answered = idempotency.Recent()
        self._workers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._size = metrics.batch_size.labels(spec.command.__name__)
        verb = spec.action.rsplit(".", 1)[-1]
        self._before_commit, self._after_commit = f"{verb}.before_commit", f"{verb}.after_commit"

    def start(self) -> None:
        """Begin to work; needs a running loop."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]

    async def stop(self) -> None:
        """Finish what is under way; whatever waits is refused."""
        self._stopping = True
        self._look()
        if self._workers:
            await asyncio.wait(self._workers, timeout=PATIENCE_S)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        while self._queue:
            self._queue.popleft().settle(QueueFull("The shop is stopping."))

    async def put(self, command: Command, call: Call) -> Any:
        """The command's answer. A second call with a key that is under way here shares the first one's answer."""
        claim = idempotency.claim(command, call)
        if claim and (known := self._answered.get(claim.scope)):
            return known.given(claim)
        while claim and (leader := self._leaders.get(claim.scope)):
            await asyncio.wait([leader.answer])
            if leader.answer.cancelled():
                continue  # whoever asked first has gone; what became of it, the database knows
            if leader.claim == claim:
                return leader.answer.result()
            if leader.answer.exception() is None:
                raise idempotency.KeyReused
        if self._stopping:
            raise QueueFull("The shop is stopping.")
        task = Task(command, call, claim)
        if len(self._queue) >= MAX_WAITING:
            raise QueueFull
        self._queue.append(task)
        self._look()
        if claim is None:
            return await task.answer
        self._leaders[claim.scope] = task
        task.answer.add_done_callback(lambda _: self._leaders.pop(claim.scope, None))
        return await task.answer

    def _look(self) -> None:
        taken = len(self._queue) >= CROWD if self._open else bool(self._queue)
        (self._due.set if taken or self._stopping else self._due.clear)()

    async def _work(self) -> None:
        while True:
            await self._due.wait()
            if self._stopping:
                return
            if not self._due.is_set():
                continue  # the other transaction took them
            batch = [self._queue.popleft() for _ in range(min(MAX_BATCH, len(self._queue)))]
            self._size.observe(len(batch))
            self._open += 1
            self._look()
            try:
                await self._answer(batch)
            finally:
                self._open -= 1
                self._look()

    async def _answer(self, batch: Sequence[Task]) -> None:
        try:
            await self._carry(batch)
        finally:
            _settle(batch, [QueueFull("The shop is stopping.")] * len(batch))  # whoever was answered stays answered

    async def _carry(self, batch: Sequence[Task]) -> None:
        try:
            outcomes = await self._together(batch)
        except DatabaseAway as away:
            # The commit may have happened: only the callers, with their keys, may ask again.
            _settle(batch, [away] * len(batch))
        except Stale:
            await self._again(batch)
        except Exception as error:
            if len(batch) == 1 and isinstance(error, Busy):
                batch[0].settle(_busy(batch[0], error))
            else:
                await self._each_alone(batch)
        else:
            stale = [task for task, one in zip(batch, outcomes, strict=True) if isinstance(one, Stale)]
            if len(batch) > 1 and stale:
                _settle(batch, outcomes, but=stale)
                await self._each_alone(stale)
            else:
                _settle(batch, outcomes)

    async def _again(self, batch: Sequence[Task]) -> None:
        """Answer those whose keys were used before from the record, and carry the others together again."""
        try:
            known = await self._recorded(batch)
        except Exception:
            known = {}
        rest = [task for task in batch if task.claim is None or task.claim.scope not in known]
        for task in batch:
            if task not in rest and task.claim:
                task.settle(known[task.claim.scope])
        if rest and len(rest) < len(batch):
            await self._carry(rest)
        else:
            await self._each_alone(rest)

    async def _each_alone(self, batch: Sequence[Task]) -> None:
        for task in batch:
            task.settle(await self._alone(task))

    async def _together(self, batch: Sequence[Task]) -> Sequence[Any]:
        """One transaction for all of `batch`; an answer or a refusal for each.

        Nobody who is accepted looks for earlier answers: a key that was used before breaks the commit, and each command
        is then answered by itself, where looking costs nobody else anything.
        """
        async with self._db.transaction(_call(batch, self._spec.action)) as tx:
            outcomes = await self._outcomes(batch, tx)
            known = await self._answered_before(tx, batch, outcomes)
            kept = _kept(batch, outcomes)
            idempotency.store(tx, kept)
            failpoint(self._before_commit)
        failpoint(self._after_commit)
        self._answered.keep(kept)
        return [known.get(task.claim, one) if known else one for task, one in zip(batch, outcomes, strict=True)]

    async def _outcomes(self, batch: Sequence[Task], tx: Tx) -> Sequence[Any]:
        """The handler's, and a refusal for each who is turned away because this is switched off."""
        turned = [turned_away(self._spec.switch, task.command, task.call, self._db.peers) for task in batch]
        if not any(turned):
            found: Sequence[Any] = await self._spec.function(batch, tx)
            return found
        let_in = [task for task, refusal in zip(batch, turned, strict=True) if refusal is None]
        answers = iter(await self._spec.function(let_in, tx) if let_in else ())
        return [next(answers) if refusal is None else refusal for refusal in turned]

    async def _answered_before(
        self, tx: Tx, batch: Sequence[Task], outcomes: Sequence[Any]
    ) -> dict[idempotency.Claim | None, Any]:
        """What was answered before to those who are refused now: what they were granted then may be gone since."""
        pairs = zip(batch, outcomes, strict=True)
        refused = [task.claim for task, outcome in pairs if task.claim and isinstance(outcome, Refusal)]
        known = await idempotency.replays(tx, refused, self._spec.answer)
        return {claim: known[claim.scope] for claim in refused if claim.scope in known}

    async def _recorded(self, batch: Sequence[Task]) -> dict[str, Any]:
        """By scope: what was answered before under the keys of `batch`, or the refusal KeyReused."""
        claims = [task.claim for task in batch if task.claim]
        if not claims:
            return {}
        async with self._db.transaction(_call(batch, self._spec.action)) as tx:
            return await idempotency.replays(tx, claims, self._spec.answer)

    async def _alone(self, task: Task) -> Any:
        """Answer one command by itself: no command fails because of its neighbour."""
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                if known := await self._recorded([task]):
                    return next(iter(known.values()))
                return (await self._together([task]))[0]
            except Busy as busy:
                return _busy(task, busy)
            except Stale as stale:
                if not tries_left:
                    return stale
            except Exception as error:  # noqa: BLE001 -- the caller gets it
                return error
        raise AssertionError


def _busy(task: Task, busy: Busy) -> Refusal:
    return idempotency.InFlight() if task.claim else busy


def _settle(batch: Sequence[Task], outcomes: Sequence[Any], *, but: Sequence[Task] = ()) -> None:
    for task, outcome in zip(batch, outcomes, strict=True):
        if task not in but:
            task.settle(outcome)


def _call(batch: Sequence[Task], action: str) -> Call:
    return batch[0].call if len(batch) == 1 else internal_call(action)


def _kept(batch: Sequence[Task], outcomes: Sequence[Any]) -> list[tuple[idempotency.Claim, Any]]:
    pairs = zip(batch, outcomes, strict=True)
    return [(task.claim, outcome) for task, outcome in pairs if task.claim and not isinstance(outcome, Refusal)]
