"""Whether a history of what many clients did and saw could have happened one thing after the other.

The search of Wing and Gong as Lowe improved it ("Testing for linearizability", 2017), which porcupine follows too: take
any operation that nobody else had finished before it began, see whether the object, as it then stands, would have
answered so, and go on; who comes to where they have been before turns back.

Two things make the search small, and lose no way there is. What may come next and changes nothing comes next: put
first, it stands in nobody's way. And of those that do the same, the one that ended first comes first: who finds a way
with them the other way round may swap them.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

State = TypeVar("State", bound=Hashable)
Did = TypeVar("Did", bound=Hashable)
NEVER: Final = math.inf
"""When an operation ended that nobody has heard of again: it may have happened any time after its beginning, or not."""
MAX_LOOKS: Final = 1_000_000
"""States that one search may look at; a history that needs more is not judged, which is an error, not a verdict."""


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
        if len(seen) > MAX_LOOKS:
            raise UndecidedError(f"{len(operations)} operations, {MAX_LOOKS} states")
        waiting += _turns(operations, done, state, step)
    return False


def _turns(
    operations: Sequence[Operation[Did]], done: int, state: State, step: Callable[[State, Did], State | None]
) -> list[tuple[int, State]]:
    """Where it may go on, the best way last, where the search takes from."""
    turns: dict[Did, tuple[int, State]] = {}
    for index in _next(operations, done):
        did = operations[index].did
        if did in turns or (after := step(state, did)) is None:
            continue
        if after == state:
            return [(done | 1 << index, state)]
        turns[did] = done | 1 << index, after
    return list(turns.values())[::-1]


def _next(operations: Sequence[Operation[Did]], done: int) -> list[int]:
    """Those that may come next, the one that ended first at the beginning."""
    first_end, found = NEVER, []
    index = (~done & (done + 1)).bit_length() - 1
    while index < len(operations) and operations[index].began <= first_end:
        if not done >> index & 1:
            found.append(index)
            first_end = min(first_end, operations[index].ended)
        index += 1
    return sorted(
        (index for index in found if operations[index].began <= first_end), key=lambda index: operations[index].ended
    )
