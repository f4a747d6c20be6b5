"""The saga's mind: (definition, state, message) -> state. No clock, no input or output; any message may be late."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from tradewind.runtime.saga.definition import Saga


class Phase(StrEnum):
    """Where a saga stands, as its owner sees it (D8)."""

    STARTED = "STARTED"
    COMPENSATING = "COMPENSATING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


MOVING = frozenset((Phase.STARTED, Phase.COMPENSATING))
ENDED = frozenset((Phase.COMPLETED, Phase.FAILED))


class State(Struct, frozen=True, kw_only=True):
    """`step`: going forward, how many steps are done; undoing, how many are still to be undone.

    `refused`: it is undone because somebody said no, not because the shop could not.
    """

    phase: Phase = Phase.STARTED
    step: int = 0
    undoing: bool = False
    attempt: int = 0
    attempt_group: int = 0
    cancel: str | None = None
    why: str | None = None
    refused: bool = False


class Said(Struct, frozen=True, kw_only=True):
    """What was said of one step in one direction; a message about any other step is late and changes nothing."""

    step: int
    undoing: bool = False


class StepDone(Said, frozen=True):
    """The step's effect, or its undoing, stands."""


class StepRefused(Said, frozen=True):
    """A final no."""

    why: str


class StepFailed(Said, frozen=True):
    """The outcome is unknown. `final` when time is up and nobody should ask again."""

    why: str
    final: bool = False


class Cancel(Struct, frozen=True):
    """Somebody who may wants it undone; heard only before the pivot is done."""

    why: str


class Retry(Struct, frozen=True):
    """A person says: try the parked step again."""


class Compensate(Struct, frozen=True):
    """A person says: undo it, whatever was done."""

    why: str


Message: TypeAlias = StepDone | StepRefused | StepFailed | Cancel | Retry | Compensate


def advance(saga: Saga, state: State, message: Message) -> State:
    """The state after `message`; the same state where the message is late, doubled or out of place."""
    match message:
        case Cancel(why=why):
            return _cancelled(saga, state, why)
        case Retry():
            return _retried(state)
        case Compensate(why=why):
            return _compensated(saga, state, why)
        case Said(step=step, undoing=undoing) if state.phase not in MOVING or (step, undoing) != (
            state.step,
            state.undoing,
        ):
            return state
        case StepDone():
            return _undone(state) if state.undoing else _done(saga, state)
        case StepRefused(why=why) if state.undoing or state.step > saga.pivot_index:
            return replace(state, phase=Phase.NEEDS_ATTENTION, attempt=0, why=why)
        case StepRefused(why=why):
            return _undo_from(state, state.step, why, refused=True)
        case StepFailed(why=why, final=final):
            return _failed(saga, state, why, final=final)
    raise AssertionError(message)


def _done(saga: Saga, state: State) -> State:
    following = state.step + 1
    if state.cancel is not None and state.step <= saga.pivot_index:
        return _undo_from(state, following, state.cancel, refused=True)
    phase = Phase.COMPLETED if following == len(saga.steps) else Phase.STARTED
    return replace(state, phase=phase, step=following, attempt=0, attempt_group=0)


def _undone(state: State) -> State:
    if state.step == 0:
        return replace(state, phase=Phase.FAILED, attempt=0)
    return replace(state, step=state.step - 1, attempt=0)


def _failed(saga: Saga, state: State, why: str, *, final: bool) -> State:
    tried = replace(state, attempt=state.attempt + 1)
    if state.undoing:
        return replace(tried, phase=Phase.NEEDS_ATTENTION, why=why) if tried.attempt >= saga.undo_attempts else tried
    wanted = state.cancel is None or state.step > saga.pivot_index
    if wanted and not final and tried.attempt < saga.steps[state.step].attempts:
        return tried
    if state.step > saga.pivot_index:
        return replace(tried, phase=Phase.NEEDS_ATTENTION, why=why)
    return _undo_from(state, state.step + 1, state.cancel or why, refused=state.cancel is not None)


def _cancelled(saga: Saga, state: State, why: str) -> State:
    if state.phase is not Phase.STARTED or state.step > saga.pivot_index or state.cancel is not None:
        return state
    return replace(state, cancel=why)


def _retried(state: State) -> State:
    if state.phase is not Phase.NEEDS_ATTENTION:
        return state
    # A refusal (parked without an attempt) is remembered under its key, so asking again needs a new one; an unknown
    # outcome must keep the old one.
    group = state.attempt_group + 1 if state.attempt == 0 else state.attempt_group
    phase = Phase.COMPENSATING if state.undoing else Phase.STARTED
    return replace(state, phase=phase, attempt=0, attempt_group=group)


def _compensated(saga: Saga, state: State, why: str) -> State:
    if state.phase is Phase.FAILED or state.undoing:
        return state
    return _undo_from(state, min(state.step + 1, len(saga.steps)), why, refused=True)


def _undo_from(state: State, step: int, why: str, *, refused: bool) -> State:
    return replace(state, phase=Phase.COMPENSATING, undoing=True, step=step, attempt=0, why=why, refused=refused)
