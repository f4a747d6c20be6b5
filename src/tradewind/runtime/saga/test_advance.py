"""The saga's mind, by table and by chance: an honest world; messages come late, twice, out of order or never."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tradewind.runtime.database import Tx
from tradewind.runtime.saga.advance import (
    ENDED,
    MOVING,
    Cancel,
    Compensate,
    Message,
    Phase,
    Retry,
    State,
    StepDone,
    StepFailed,
    StepRefused,
    advance,
)
from tradewind.runtime.saga.definition import Local, Saga, Step, Task
from tradewind.runtime.saga.settling import timed_out
from tradewind.runtime.saga.store import Held

PIVOT = 2
Mind: TypeAlias = Callable[[Saga, State, Message], State]
CHANCE = settings(max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))


async def _nothing(_tx: Tx, _tasks: Sequence[Task]) -> Sequence[Any]:
    return []


def a_saga(steps: int = 4, *, pivot: int = PIVOT, attempts: int = 2, undo_attempts: int = 2) -> Saga:
    work = Local(_nothing)
    made = tuple(Step(name=f"s{n}", do=work, undo=work, attempts=attempts) for n in range(steps))
    return Saga(name="a", version=1, steps=made, pivot=f"s{pivot}", end=work, undo_attempts=undo_attempts)


def forward(step: int, **others: Any) -> State:
    return State(step=step, **others)


def undoing(step: int, **others: Any) -> State:
    return State(**{"phase": Phase.COMPENSATING, "undoing": True, "step": step, **others})


def parked(step: int, **others: Any) -> State:
    return State(phase=Phase.NEEDS_ATTENTION, step=step, **others)


NO, LATE = "no", "too late"


@pytest.mark.parametrize(
    ("before", "message", "after"),
    [
        # forward
        (forward(0), StepDone(step=0), forward(1)),
        (forward(3), StepDone(step=3), forward(4, phase=Phase.COMPLETED)),
        (forward(1, attempt=1), StepDone(step=1), forward(2)),
        (forward(1), StepRefused(step=1, why=NO), undoing(1, why=NO, refused=True)),
        (forward(0), StepRefused(step=0, why=NO), undoing(0, why=NO, refused=True)),
        (forward(1), StepFailed(step=1, why=NO), forward(1, attempt=1)),
        (forward(1, attempt=1), StepFailed(step=1, why=NO), undoing(2, why=NO)),
        (forward(1), StepFailed(step=1, why=LATE, final=True), undoing(2, why=LATE)),
        (forward(PIVOT, attempt=1), StepFailed(step=PIVOT, why=NO), undoing(PIVOT + 1, why=NO)),
        # past the pivot nothing is undone by itself
        (forward(3), StepRefused(step=3, why=NO), parked(3, why=NO)),
        (forward(3, attempt=1), StepFailed(step=3, why=NO), parked(3, attempt=2, why=NO)),
        # a cancel
        (forward(1), Cancel(NO), forward(1, cancel=NO)),
        (forward(1, cancel=NO), Cancel("again"), forward(1, cancel=NO)),
        (forward(PIVOT), Cancel(NO), forward(PIVOT, cancel=NO)),
        (forward(3), Cancel(NO), forward(3)),
        (forward(4, phase=Phase.COMPLETED), Cancel(NO), forward(4, phase=Phase.COMPLETED)),
        (parked(3), Cancel(NO), parked(3)),
        (undoing(1), Cancel(NO), undoing(1)),
        (forward(1, cancel=NO), StepDone(step=1), undoing(2, cancel=NO, why=NO, refused=True)),
        (forward(PIVOT, cancel=NO), StepDone(step=PIVOT), undoing(3, cancel=NO, why=NO, refused=True)),
        (forward(1, cancel=NO), StepFailed(step=1, why=LATE), undoing(2, cancel=NO, why=NO, refused=True)),
        # undoing
        (undoing(2, why=NO), StepDone(step=2, undoing=True), undoing(1, why=NO)),
        (undoing(0, why=NO), StepDone(step=0, undoing=True), undoing(0, why=NO, phase=Phase.FAILED)),
        (undoing(2), StepFailed(step=2, undoing=True, why=NO), undoing(2, attempt=1)),
        (
            undoing(2, attempt=1, refused=True),
            StepFailed(step=2, undoing=True, why=NO),
            parked(2, undoing=True, attempt=2, why=NO, refused=True),
        ),
        (
            undoing(2, attempt=1, refused=True),
            StepRefused(step=2, undoing=True, why=NO),
            parked(2, undoing=True, why=NO, refused=True),
        ),
        # a person: the key of a refusal is used up, the key of an unknown outcome is not
        (parked(3, why=NO), Retry(), forward(3, why=NO, attempt_group=1)),
        (parked(3, attempt=2), Retry(), forward(3)),
        (parked(2, undoing=True, attempt=2), Retry(), undoing(2)),
        (parked(2, undoing=True), Retry(), undoing(2, attempt_group=1)),
        (forward(1), Retry(), forward(1)),
        (parked(3), Compensate(NO), undoing(4, why=NO, refused=True)),
        (forward(1), Compensate(NO), undoing(2, why=NO, refused=True)),
        (forward(4, phase=Phase.COMPLETED), Compensate(NO), undoing(4, why=NO, refused=True)),
        (undoing(1), Compensate(NO), undoing(1)),
        (undoing(0, phase=Phase.FAILED), Compensate(NO), undoing(0, phase=Phase.FAILED)),
    ],
    ids=repr,
)
def test_each_message_leads_where_the_table_says(before: State, message: Message, after: State) -> None:
    assert advance(a_saga(), before, message) == after


@pytest.mark.parametrize("state", [forward(1), undoing(1), parked(3), forward(4, phase=Phase.COMPLETED)], ids=repr)
@pytest.mark.parametrize("kind", [StepDone, StepRefused, StepFailed])
def test_a_message_about_another_step_changes_nothing(
    state: State, kind: type[StepDone | StepRefused | StepFailed]
) -> None:
    why: dict[str, Any] = {} if kind is StepDone else {"why": NO}
    for step in range(6):
        for direction in (False, True):
            if state.phase in MOVING and (step, direction) == (state.step, state.undoing):
                continue
            assert advance(a_saga(), state, kind(step=step, undoing=direction, **why)) is state


@pytest.mark.parametrize(
    ("state", "step_age_s", "age_s", "says"),
    [
        (forward(1), 61.0, 61.0, None),  # nobody has tried: it waits for somebody
        (forward(1, attempt=1), 59.0, 59.0, None),
        (forward(1, attempt=1), 61.0, 61.0, "s1 took longer than 0:01:00"),
        (forward(1), 0.0, 86_401.0, "the saga took longer than 1 day, 0:00:00"),
        (forward(3, attempt=1), 1e6, 1e6, None),  # past the pivot it is only carried on
        (undoing(1, attempt=1), 1e6, 1e6, None),
    ],
)
def test_time_is_up_only_where_something_can_be_given_up(
    state: State, step_age_s: float, age_s: float, says: str | None
) -> None:
    held: Any = Held(None, "a@1", state, 1, None, step_age_s, age_s)  # type: ignore[arg-type]
    message = timed_out(a_saga(), held)
    assert (message and message.why) == says
    assert message is None or (message.final and advance(a_saga(), state, message).undoing)


def test_a_definition_with_two_steps_of_one_name_is_refused() -> None:
    step = Step(name="same", do=Local(_nothing), within=timedelta(seconds=1))
    with pytest.raises(AssertionError, match="two steps of one name"):
        Saga(name="a", version=1, steps=(step, step), pivot="same", end=Local(_nothing))


class World(RuleBasedStateMachine):
    """An honest world around a saga: the same key gets the same answer; what fails may or may not have happened."""

    mind: Mind = staticmethod(advance)

    @initialize(shape=st.tuples(st.integers(1, 5), st.integers(0, 4), st.integers(1, 3), st.integers(1, 3)))
    def begin(self, shape: tuple[int, int, int, int]) -> None:
        """A saga of any shape."""
        steps, pivot, attempts, undo_attempts = shape
        self.saga = a_saga(steps, pivot=pivot % steps, attempts=attempts, undo_attempts=undo_attempts)
        self.state = State()
        self.stands = [False] * steps
        self.refusals: set[tuple[int, bool, int]] = set()
        self.sent: list[Message] = []
        self.history: list[Message] = []
        self.endings = self.reopened = 0
        self.cancelled = self.by_person = self.past_pivot = False

    def hear(self, message: Message) -> None:
        """Advance, and check what may be said of this one move."""
        before = self.state
        self.history.append(message)
        self.state = after = self.mind(self.saga, before, message)
        self.past_pivot |= not after.undoing and after.step > self.saga.pivot_index
        self.endings += after.phase in ENDED and before.phase is not after.phase
        if before.phase in ENDED and after is not before:
            assert before.phase is Phase.COMPLETED
            assert isinstance(message, Compensate)
            self.reopened += 1
        if after.phase is Phase.NEEDS_ATTENTION and before.phase is not after.phase:
            assert isinstance(message, StepRefused | StepFailed)
            assert after.undoing or after.step > self.saga.pivot_index
            assert (after.step, after.undoing) == (before.step, before.undoing)
        if before.phase is Phase.NEEDS_ATTENTION and after is not before:
            assert isinstance(message, Retry | Compensate)
        if after.undoing and not before.undoing and before.step > self.saga.pivot_index:
            assert isinstance(message, Compensate)

    @precondition(lambda self: self.state.phase in MOVING)
    @rule(does=st.booleans(), says=st.sampled_from(["yes", "no", "silence", "lost"]))
    def work(self, *, does: bool, says: str) -> None:
        """Carry out the present step, or its undoing; its answer is on its way, unless it is lost."""
        step, back = self.state.step, self.state.undoing
        at: dict[str, Any] = {"step": step, "undoing": back}
        key = (step, back, self.state.attempt_group)
        place = step - 1 if back else step
        if place < 0:  # the end: nothing outside is touched
            self.sent += (
                [StepDone(**at)] if says == "yes" else [StepFailed(**at, why="down")] if says == "silence" else []
            )
            return
        settled = self.stands[place] is not back
        if key in self.refusals or (says == "no" and not settled):
            self.refusals.add(key)
            self.sent.append(StepRefused(**at, why="no"))
            return
        if does or says == "yes" or settled:
            self.stands[place] = not back
        if says == "silence":
            self.sent.append(StepFailed(**at, why="no answer"))
        elif says != "lost" and self.stands[place] is not back:
            self.sent.append(StepDone(**at))

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """Any message that was ever sent arrives, perhaps again; it is never known to be the last time."""
        self.hear(data.draw(st.sampled_from(self.sent)))

    @precondition(lambda self: self.sent)
    @rule()
    def deliver_newest(self) -> None:
        """What usually happens."""
        self.hear(self.sent[-1])

    @precondition(lambda self: self.state.phase is Phase.STARTED and self.state.step <= self.saga.pivot_index)
    @rule()
    def run_out_of_time(self) -> None:
        """The step's deadline."""
        self.hear(StepFailed(step=self.state.step, why="time is up", final=True))

    @rule()
    def cancel(self) -> None:
        """Somebody asks; what is accepted is a promise."""
        self.hear(Cancel("not wanted"))
        self.cancelled |= self.state.cancel is not None or self.state.undoing

    @rule()
    def retry(self) -> None:
        """A person."""
        self.hear(Retry())

    @precondition(lambda self: self.state.phase in {Phase.NEEDS_ATTENTION, Phase.COMPLETED})
    @rule()
    def compensate(self) -> None:
        """A person."""
        self.by_person = True
        self.hear(Compensate("undo it"))

    @invariant()
    def it_ends_once(self) -> None:
        """Only a person opens what has ended, and only what was completed."""
        assert self.endings <= 1 + self.reopened
        assert self.reopened <= 1

    @invariant()
    def an_end_tells_the_truth(self) -> None:
        """FAILED: nothing stands. COMPLETED: everything does."""
        if self.state.phase is Phase.FAILED:
            assert not any(self.stands), self.stands
        if self.state.phase is Phase.COMPLETED:
            assert all(self.stands), self.stands

    @invariant()
    def a_promise_is_kept(self) -> None:
        """What was cancelled is never completed; what passed the pivot is undone by a person only."""
        assert not (self.cancelled and self.state.phase is Phase.COMPLETED)
        assert not (self.past_pivot and self.state.undoing and not self.by_person)

    @invariant()
    def it_can_be_written_down_and_told_again(self) -> None:
        """The row takes it, JSON takes it, and the recorded history leads here again."""
        assert 0 <= self.state.step <= len(self.saga.steps)
        assert min(self.state.attempt, self.state.attempt_group) >= 0
        assert msgspec.json.decode(msgspec.json.encode(self.state), type=State) == self.state
        again = State()
        for message in self.history:
            again = self.mind(self.saga, again, message)
        assert again == self.state


def test_no_order_of_messages_makes_a_saga_lie() -> None:
    run_state_machine_as_test(World, settings=CHANCE)


def _forgets_the_step_in_doubt(saga: Saga, state: State, message: Message) -> State:
    after = advance(saga, state, message)
    turned = isinstance(message, StepFailed) and after.undoing and not state.undoing
    return msgspec.structs.replace(after, step=state.step) if turned else after


def _forgets_the_cancel(saga: Saga, state: State, message: Message) -> State:
    done = isinstance(message, StepDone) and not state.undoing
    return advance(saga, msgspec.structs.replace(state, cancel=None) if done else state, message)


@pytest.mark.parametrize("careless", [_forgets_the_step_in_doubt, _forgets_the_cancel])
def test_a_careless_mind_is_caught_by_the_world(careless: Mind) -> None:
    class Careless(World):
        mind = staticmethod(careless)

    often = settings(
        CHANCE,
        max_examples=1000,
        database=None,
        phases=[Hypothesis.generate],
        report_multiple_bugs=False,
        derandomize=True,
    )
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(Careless, settings=often)
