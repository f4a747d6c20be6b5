"""From an outcome to what is written: the new state, when it is due again, the journal, the metrics."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace
from opentelemetry.trace import SpanKind

from tradewind.contracts.outcomes import Outcome, Refused, Waiting
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store
from tradewind.runtime.saga.advance import MOVING, Message, Phase, State, StepFailed, advance
from tradewind.runtime.saga.definition import Saga
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.telemetry.traces import began_ns, mark

BACKOFF_S = 0.2
"""Wait before the second attempt; doubles with each further one."""
MAX_BACKOFF_S = 30.0
MOST_DOUBLINGS = 32
"""Far beyond MAX_BACKOFF_S, and far below what no float can hold: a step may have thousands of attempts."""


class Verdict(NamedTuple):
    """A settled saga: what it was and what it is; `keep` when its holder goes on with it at once."""

    held: store.Held
    state: State
    keep: bool


@dataclass(frozen=True)
class Booking:
    """Writes verdicts under a lease of `lease_s`."""

    lease_s: float

    def book(
        self, tx: Tx, saga: Saga, label: str, settled: Sequence[tuple[store.Held, Message | None, Outcome]]
    ) -> list[Verdict]:
        """Advance each saga by its message and put the result into `tx`'s last statement."""
        verdicts, now_ns = [_verdict(saga, held, message, outcome) for held, message, outcome in settled], began_ns()
        rows = [
            store.Settled(verdict.held.id, verdict.state, _delay_s(verdict, outcome), verdict.keep)
            for verdict, (_, _, outcome) in zip(verdicts, settled, strict=True)
        ]
        notes = [
            store.Note(held.id, label, type(outcome).__name__, getattr(outcome, "why", None))
            for held, _, outcome in settled
        ]
        store.settle(tx, rows, notes, self.lease_s)
        for verdict, (_, _, outcome) in zip(verdicts, settled, strict=True):
            said = {"orderId": str(verdict.held.id), "outcome": type(outcome).__name__, "phase": verdict.state.phase}
            trace_id = verdict.held.call.trace_id
            span_id = mark(f"{saga.name} {label}", trace_id, now_ns, kind=SpanKind.INTERNAL, **said)
            _observe(saga, label, verdict, span_id)
        return verdicts


def _verdict(saga: Saga, held: store.Held, message: Message | None, outcome: Outcome) -> Verdict:
    state = advance(saga, held.state, message) if message else held.state
    if isinstance(outcome, Waiting) and outcome.heard:
        state = replace(state, attempt=0)
    moved = (state.step, state.undoing) != (held.state.step, held.state.undoing)
    return Verdict(held, state, keep=moved and state.phase in MOVING)


def _delay_s(verdict: Verdict, outcome: Outcome) -> float:
    if isinstance(outcome, Waiting):
        # Who wants it undone came while somebody was asked: that does not wait for what they are waiting for.
        return 0.0 if verdict.state.cancel and not verdict.state.undoing else outcome.for_s
    if verdict.keep or isinstance(outcome, Refused):
        return 0.0
    return backoff_s(verdict.state.attempt)


def backoff_s(attempt: int) -> float:
    """Doubling from BACKOFF_S up to MAX_BACKOFF_S, with full jitter on its upper half."""
    doublings = min(max(0, attempt - 1), MOST_DOUBLINGS)
    longest: float = min(MAX_BACKOFF_S, BACKOFF_S * 2**doublings)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 -- jitter is no secret


def _observe(saga: Saga, label: str, verdict: Verdict, span_id: str) -> None:
    before, after = verdict.held.state, verdict.state
    if after.phase is not before.phase:
        write = log.warning if after.phase is Phase.NEEDS_ATTENTION else log.info
        write("saga moved", saga=saga.name, step=label, phase=after.phase.value, why=after.why,
              spanId=span_id, **verdict.held.names)  # fmt: skip
        if after.phase not in MOVING:
            metrics.saga_outcomes_total.labels(saga.name, after.phase.value).inc()
    if after.attempt > before.attempt:
        metrics.saga_retries_total.labels(saga.name, label).inc()


def timed_out(saga: Saga, held: store.Held) -> StepFailed | None:
    """What to say of a claimed saga whose time is up; None while there is time, or nothing can be given up."""
    state = held.state
    if state.undoing or state.step > saga.pivot_index:
        return None
    step = saga.steps[state.step]
    if held.age_s > saga.within.total_seconds():
        return StepFailed(step=state.step, why=f"the saga took longer than {saga.within}", final=True)
    if state.attempt > 0 and held.step_age_s > step.within.total_seconds():
        return StepFailed(step=state.step, why=f"{step.name} took longer than {step.within}", final=True)
    return None
