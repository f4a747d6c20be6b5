"""Whether a history of what many clients did and saw could have happened one thing after the other.

The search of Wing and Gong as Lowe improved it ("Testing for linearizability", 2017), which porcupine follows too: take
any operation that nobody else had finished before it began, see whether the object, as it then stands, would have
answered so, and go on; who comes to where they have been before turns back.

One wrong turn early on can cost more looks than there is time for, where others find the way at once. So the search
begins anew a few times, each time after few looks and with other turns first (Gomes, Selman and Kautz, "Boosting
combinatorial search through randomization", 1998); only the last one, which alone may refuse a history that is hard to
refuse, is thorough.
"""

import math
import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

State = TypeVar("State", bound=Hashable)
Did = TypeVar("Did")
NEVER: Final = math.inf
"""When an operation ended that nobody has heard of again: it may have happened any time after its beginning, or not."""
MAX_LOOKS: Final = 1_000_000
"""States that one search may look at; a history that needs more is not judged, which is an error, not a verdict."""
QUICK_LOOKS: Final = 10_000
QUICK_SEARCHES: Final = 50
"""So many searches with so few looks come before the thorough one; the first begins as that one does."""
SWAY_S: Final = (0.005, 0.02, 0.05)
"""By how much an operation may be tried before or after it ended; one of unknown end, after it began."""


@dataclass(frozen=True)
class Operation(Generic[Did]):
    """What one client asked and was told, between `began` and `ended` of one clock (s)."""

    began: float
    ended: float
    did: Did


class UndecidedError(Exception):
    """The search grew too large."""


def linearizable(history: Sequence[Operation[Did]], start: State, step: Callable[[State, Did], State | None]) -> bool:
    """Whether `history` has an order that the clock allows and in which each `step` from `start` says how it goes on.

    `step` answers None where the object would not have answered so.

    Raises:
        UndecidedError: It took too many looks.

    """
    operations = sorted(history, key=lambda one: one.began)
    for attempt in range(QUICK_SEARCHES):
        try:
            return _search(operations, start, step, _turns(operations, attempt), QUICK_LOOKS)
        except UndecidedError:
            continue
    return _search(operations, start, step, _turns(operations, 0), MAX_LOOKS)


def _turns(operations: Sequence[Operation[Did]], attempt: int) -> Sequence[float]:
    """When each operation is tried, the earliest first: when it ended, or, at another attempt, about then."""
    if attempt == 0:
        return [one.ended for one in operations]
    chance = random.Random(attempt)
    sway_s = SWAY_S[attempt % len(SWAY_S)]

    def about(one: Operation[Did]) -> float:
        if one.ended < NEVER:
            return one.ended + chance.uniform(-sway_s, sway_s)
        return one.began + chance.expovariate(1 / sway_s) if chance.random() < 0.7 else NEVER

    return [about(one) for one in operations]


def _search(
    operations: Sequence[Operation[Did]],
    start: State,
    step: Callable[[State, Did], State | None],
    turns: Sequence[float],
    looks: int,
) -> bool:
    owed = sum(1 << index for index, one in enumerate(operations) if one.ended < NEVER)
    seen: set[tuple[int, State]] = set()
    waiting: list[tuple[int, State]] = [(0, start)]
    while waiting:
        done, state = waiting.pop()
        if done & owed == owed:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        if len(seen) > looks:
            raise UndecidedError(f"{len(operations)} operations, {looks} states")
        for index in _next(operations, done, turns):
            after = step(state, operations[index].did)
            if after is not None:
                waiting.append((done | 1 << index, after))
    return False


def _next(operations: Sequence[Operation[Did]], done: int, turns: Sequence[float]) -> list[int]:
    """Those that may come next, the one whose turn is first at the end, where the search takes from."""
    first_end, found = NEVER, []
    index = (~done & (done + 1)).bit_length() - 1
    while index < len(operations) and operations[index].began <= first_end:
        if not done >> index & 1:
            found.append(index)
            first_end = min(first_end, operations[index].ended)
        index += 1
    return sorted(
        (index for index in found if operations[index].began <= first_end),
        key=lambda index: turns[index],
        reverse=True,
    )
