"""One step in one direction inside an open transaction: whose it is, what it does there, and what is written of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.saga import store
from tradewind.runtime.saga.advance import StepDone, StepFailed, StepRefused
from tradewind.runtime.saga.definition import Local, Remote, Saga, Task, Work
from tradewind.runtime.saga.settling import Booking, Verdict

_GIVEN_UP = Failed("given up", final=True)


class Entered(NamedTuple):
    """What entering a step came to: settled sagas, and the wishes of those who have somebody to ask."""

    verdicts: list[Verdict]
    asking: list[tuple[store.Held, Any]]


class Working:
    """The step number `step` of `saga`; undoing, it takes back the one before."""

    def __init__(self, saga: Saga, step: int, *, undoing: bool, booking: Booking) -> None:
        self._saga, self._step, self._undoing, self._booking = saga, step, undoing, booking
        self.within = saga.steps[max(0, step - 1) if undoing else step].within
        self.label, self.work = _what(saga, step, undoing=undoing)

    async def still_ours(self, tx: Tx, batch: Sequence[store.Held]) -> list[store.Held]:
        """Those of `batch` that are ours, locked, with what their rows say of a cancel by now."""
        tx.calls = {str(held.id): held.call for held in batch}
        if planted("write_without_fence"):
            mine: dict[Any, str | None] = {(held.id, held.fence): None for held in batch}
        else:
            mine = await store.lock(tx, batch)
        once = {(held.id, held.fence): held for held in batch}
        return [one._replace(state=replace(one.state, cancel=mine[key])) for key, one in once.items() if key in mine]

    async def enter(self, tx: Tx, ours: Sequence[store.Held]) -> Entered:
        """Do what is local, and settle it; or prepare what is remote. Those that somebody wants undone do neither."""
        off = [held for held in ours if self._is_off(held)]
        on = [held for held in ours if held not in off]
        tasks = [self.task(held) for held in on]
        if isinstance(self.work, Local):
            wishes: Sequence[Any] = await self.work.run(tx, tasks) if on else []
        else:
            wishes = await self.work.prepare(tx, tasks) if on else []
        both = list(zip(on, wishes, strict=True))
        settled = [*((held, wish) for held, wish in both if _is_outcome(wish)), *((held, _GIVEN_UP) for held in off)]
        return Entered(self.settle(tx, settled), [(held, wish) for held, wish in both if not _is_outcome(wish)])

    async def record(self, tx: Tx, known: Sequence[tuple[store.Held, Any]]) -> list[Verdict]:
        """Book the answers of those that are ours."""
        assert isinstance(self.work, Remote)
        told = [(held, answer) for held, answer in known if not isinstance(answer, Failed)]
        tasks = [(self.task(held), answer) for held, answer in told]
        outcomes = await self.work.record(tx, tasks) if told else []
        failed = [(held, answer) for held, answer in known if isinstance(answer, Failed)]
        return self.settle(tx, [*zip((held for held, _ in told), outcomes, strict=True), *failed])

    def settle(self, tx: Tx, settled: Sequence[tuple[store.Held, Outcome]]) -> list[Verdict]:
        """Advance each by its outcome, with the transaction's last statement."""
        said = [(held, self._said(outcome), outcome) for held, outcome in settled]
        return self._booking.book(tx, self._saga, self.label, said) if said else []

    def task(self, held: store.Held) -> Task:
        """What the step's own code sees of a saga."""
        group = "fresh" if planted("effect_without_key") else held.state.attempt_group
        key = f"{held.id}/{self.label}/{group}"
        if planted("effect_without_key"):
            key += f"/{held.fence}-{held.state.attempt}"
        return Task(held.id, key, held.call, held.state.cancel or held.state.why, held.state.refused)

    def _is_off(self, held: store.Held) -> bool:
        return bool(held.state.cancel) and not self._undoing and self._step <= self._saga.pivot_index

    def _said(self, outcome: Outcome) -> StepDone | StepRefused | StepFailed | None:
        match outcome:
            case Done():
                return StepDone(step=self._step, undoing=self._undoing)
            case Refused(why=why):
                return StepRefused(step=self._step, undoing=self._undoing, why=why)
            case Failed(why=why, final=final):
                return StepFailed(step=self._step, undoing=self._undoing, why=why, final=final)
            case Waiting():
                return None


def _is_outcome(wish: Any) -> bool:
    return isinstance(wish, Done | Refused | Failed | Waiting)


def _what(saga: Saga, step: int, *, undoing: bool) -> tuple[str, Work]:
    """The name and the work of a step; undoing with nothing left to undo is the saga's end."""
    if not undoing:
        return saga.steps[step].name, saga.steps[step].do
    if step == 0:
        return "end", saga.end
    undone = saga.steps[step - 1]
    return f"undo_{undone.name}", undone.undo or Local(_nothing)


async def _nothing(_tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    return [Done()] * len(tasks)
