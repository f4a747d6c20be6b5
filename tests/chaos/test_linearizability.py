"""The judge of histories lets pass what could have been, and nothing else."""

import itertools
import random
from functools import partial

import pytest

from tests.chaos.linearizability import NEVER, Operation, linearizable

Did = tuple[str, int]


def step(value: int, did: Did) -> int | None:
    """A register that is written and read."""
    kind, number = did
    if kind == "write":
        return number
    return value if value == number else None


def op(began: float, ended: float, kind: str, number: int) -> Operation[Did]:
    return Operation(began, ended, (kind, number))


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        ([], True),
        ([op(0, 1, "write", 1), op(2, 3, "read", 1)], True),
        ([op(0, 1, "write", 1), op(2, 3, "read", 0)], False),  # stale
        ([op(0, 3, "write", 1), op(1, 2, "read", 0)], True),  # the write may come after the read
        ([op(0, 3, "write", 1), op(1, 2, "read", 1)], True),  # or before
        ([op(0, 9, "write", 1), op(1, 2, "read", 1), op(3, 4, "read", 0)], False),  # but not both
        ([op(0, NEVER, "write", 1), op(1, 2, "read", 0)], True),  # nobody knows: it may never have been
        ([op(0, NEVER, "write", 1), op(1, 2, "read", 1)], True),  # or have been
        ([op(0, NEVER, "write", 1), op(1, 2, "read", 1), op(3, 4, "read", 0)], False),
        ([op(5, NEVER, "write", 1), op(1, 2, "read", 1)], False),  # but not before it was asked
        ([op(0, 1, "write", 1), op(0, 1, "write", 2), op(2, 3, "read", 1), op(4, 5, "read", 2)], False),
    ],
)
def test_the_verdict_on_a_register(history: list[Operation[Did]], verdict: bool) -> None:
    assert linearizable(history, 0, step) is verdict


def add(total: int, did: tuple[int, int]) -> int | None:
    """A counter whose answer is what it stands at after it."""
    by, told = did
    return told if total + by == told else None


@pytest.mark.parametrize("seed", range(20))
def test_a_counters_history_is_accepted_and_one_lost_update_in_it_is_not(seed: int) -> None:
    chance = random.Random(seed)
    total, history = 0, list[Operation[tuple[int, int]]]()
    for moment in range(300):
        by = chance.randint(1, 5)
        total += by
        history.append(Operation(moment - chance.random() * 8, moment + chance.random() * 8, (by, total)))
    assert linearizable(history, 0, add)
    lost = chance.randrange(1, len(history))
    by, told = history[lost].did
    history[lost] = Operation(history[lost].began, history[lost].ended, (by, told - 1))
    assert not linearizable(history, 0, add)


def blind(total: int, did: tuple[int, int | None], most: int = 9) -> int | None:
    """A counter that says what it stands at to some only, and goes no further than `most`."""
    by, told = did
    return total + by if total + by <= most and told in (None, total + by) else None


@pytest.mark.parametrize(("total", "verdict"), [(40, True), (41, False)])
def test_forty_at_once_who_were_told_nothing_are_judged(total: int, verdict: bool) -> None:
    history = [Operation(moment / 100, 1 + moment / 100, (1, None)) for moment in range(40)]
    assert linearizable([*history, Operation(2.0, 3.0, (0, total))], 0, partial(blind, most=100)) is verdict


def in_some_order(history: list[Operation[tuple[int, int | None]]]) -> bool:
    """Whether any order of all that ended, and of any that may have, is one: every order is tried."""
    ended = [one for one in history if one.ended < NEVER]
    lost = [one for one in history if one.ended == NEVER]
    chosen = (ended + list(some) for count in range(len(lost) + 1) for some in itertools.combinations(lost, count))
    return any(_happened(order) for some in chosen for order in itertools.permutations(some))


def _happened(order: tuple[Operation[tuple[int, int | None]], ...]) -> bool:
    total = 0
    for place, one in enumerate(order):
        after = blind(total, one.did)
        if after is None or any(later.ended < one.began for later in order[place:]):
            return False
        total = after
    return True


def test_the_search_finds_a_way_wherever_one_of_all_orders_is_one() -> None:
    verdicts = {True: 0, False: 0}
    for seed in range(400):
        chance, history = random.Random(seed), []
        for _ in range(6):
            began = chance.random() * 3
            ended = NEVER if chance.random() < 0.2 else began + chance.random() * 3
            by = chance.choice((0, 1, 1, 2, 5))
            history.append(Operation(began, ended, (by, None if chance.random() < 0.5 else chance.randint(0, 9))))
        verdict = in_some_order(history)
        assert linearizable(history, 0, blind) is verdict, seed
        verdicts[verdict] += 1
    assert min(verdicts.values()) > 50, verdicts
