"""The judge of histories lets pass what could have been, and nothing else."""

import random

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
