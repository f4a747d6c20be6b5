"""The circuit: late to open, later to close, on a clock that is held."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.contexts.payments._fallback.breaker import CONSERVATIVE, Breaker, State
from tradewind.kernel.clock import driven

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def an_open_one() -> Breaker:
    breaker = Breaker()
    for _ in range(CONSERVATIVE.at_least):
        breaker.attempted(answered=False)
    assert breaker.state() is State.OPEN
    return breaker


def probe(breaker: Breaker, *, answered: bool) -> None:
    assert breaker.take_probe()
    breaker.probed(answered=answered)


def test_nine_failures_are_too_few_and_ten_open_it() -> None:
    with driven(NOON):
        breaker = Breaker()
        for _ in range(9):
            breaker.attempted(answered=False)
            assert breaker.state() is State.CLOSED
        breaker.attempted(answered=False)
        assert breaker.state() is State.OPEN


def test_less_than_half_failing_never_opens_it() -> None:
    with driven(NOON) as clock:
        breaker = Breaker()
        for attempt in range(1_000):
            breaker.attempted(answered=attempt % 5 < 3)
            clock.pass_by(0.05)
            assert breaker.state() is State.CLOSED


def test_half_of_those_in_the_window_failing_opens_it() -> None:
    with driven(NOON):
        breaker = Breaker()
        for answered in (True,) * 5 + (False,) * 4:
            breaker.attempted(answered=answered)
        assert breaker.state() is State.CLOSED
        breaker.attempted(answered=False)
        assert breaker.state() is State.OPEN


def test_what_slid_out_of_the_window_does_not_count() -> None:
    with driven(NOON) as clock:
        breaker = Breaker()
        for _ in range(9):
            breaker.attempted(answered=False)
        clock.pass_by(60)
        breaker.attempted(answered=False)
        assert breaker.state() is State.CLOSED
        clock.pass_by(59.999)
        for _ in range(8):
            breaker.attempted(answered=False)
        assert breaker.state() is State.CLOSED
        breaker.attempted(answered=False)
        assert breaker.state() is State.OPEN


def test_it_is_open_for_thirty_seconds_to_the_microsecond() -> None:
    with driven(NOON) as clock:
        breaker = an_open_one()
        clock.pass_by(29.999999)
        assert (breaker.state(), breaker.take_probe()) == (State.OPEN, False)
        clock.pass_by(0.000001)
        assert (breaker.state(), breaker.take_probe()) == (State.HALF_OPEN, True)


def test_one_probe_at_a_time_and_three_good_ones_close_it() -> None:
    with driven(NOON) as clock:
        breaker = an_open_one()
        clock.pass_by(30)
        assert breaker.take_probe()
        assert not breaker.take_probe()
        breaker.probed(answered=True)
        probe(breaker, answered=True)
        assert breaker.state() is State.HALF_OPEN
        probe(breaker, answered=True)
        assert breaker.state() is State.CLOSED


def test_a_probe_that_fails_doubles_the_wait_up_to_four_minutes() -> None:
    with driven(NOON) as clock:
        breaker = an_open_one()
        clock.pass_by(30)
        for wait_s in (60, 120, 240, 240):
            probe(breaker, answered=False)
            clock.pass_by(wait_s - 0.001)
            assert breaker.state() is State.OPEN
            clock.pass_by(0.001)
            assert breaker.state() is State.HALF_OPEN


def test_good_probes_before_a_bad_one_are_forgotten_and_closing_forgets_the_doubled_wait() -> None:
    with driven(NOON) as clock:
        breaker = an_open_one()
        clock.pass_by(30)
        probe(breaker, answered=True)
        probe(breaker, answered=True)
        probe(breaker, answered=False)
        clock.pass_by(60)
        for _ in range(3):
            assert breaker.state() is State.HALF_OPEN
            probe(breaker, answered=True)
        assert breaker.state() is State.CLOSED
        for _ in range(10):
            breaker.attempted(answered=False)
        clock.pass_by(30)
        assert breaker.state() is State.HALF_OPEN


def test_attempts_that_end_after_it_opened_say_nothing_new() -> None:
    with driven(NOON) as clock:
        breaker = an_open_one()
        clock.pass_by(29)
        for _ in range(50):
            breaker.attempted(answered=False)
        clock.pass_by(1)
        assert breaker.state() is State.HALF_OPEN


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=300))
def test_a_gateway_that_flaps_makes_it_open_no_more_often_than_its_waits_allow(steps: list[tuple[bool, int]]) -> None:
    with driven(NOON) as clock:
        breaker = Breaker()
        opened: list[datetime] = []
        before = State.CLOSED
        for answered, wait_s in steps:
            clock.pass_by(wait_s)
            if breaker.state() is State.HALF_OPEN:
                probe(breaker, answered=answered)
            else:
                breaker.attempted(answered=answered)
            if breaker.state() is State.OPEN and before is not State.OPEN:
                opened.append(clock.moment)
            before = breaker.state()
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(opened)]
        assert all(gap >= 30 for gap in gaps)


@pytest.mark.parametrize("failures", [0, 9])
def test_a_closed_one_takes_no_probes(failures: int) -> None:
    breaker = Breaker()
    for _ in range(failures):
        breaker.attempted(answered=False)
    assert not breaker.take_probe()
