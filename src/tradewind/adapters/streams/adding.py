"""What one event adds to the sums of its currency, in a state that Quix Streams keeps: once, whoever sends it again."""

from typing import Any, Final, Protocol

KEPT: Final = 100_000
"""Events of one currency that are remembered, the last ones. Whoever publishes sends again what was under way when it
died: some thousands at most."""


class State(Protocol):
    """What is kept of one currency."""

    def get(self, key: str, default: Any = None) -> Any:
        """What was set, or `default`."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Keep it."""
        ...

    def exists(self, key: str) -> bool:
        """Whether something is kept there."""
        ...

    def delete(self, key: str) -> None:
        """Keep it no more."""
        ...


def add(one: dict[str, Any], state: State) -> list[list[Any]]:
    """The rows as they stand after this event; none where it was added before."""
    if not _is_first(one["id"], state):
        return []
    rows = []
    for size, since_s, currency, captured, refunded in one["gains"]:
        at = f"{size}/{since_s}"
        before = state.get(at, default=[0, 0, 0])
        sums = [before[0] + captured, before[1] + refunded, before[2] + 1]
        state.set(at, sums)
        rows.append([size, since_s, currency, *sums])
    return rows


def _is_first(event_id: str, state: State) -> bool:
    """Whether it was not seen before; it takes the place of the one that was seen so many before it."""
    if state.exists(f"seen/{event_id}"):
        return False
    number = state.get("number", default=0)
    place = f"place/{number % KEPT}"
    if (gone := state.get(place)) is not None:
        state.delete(f"seen/{gone}")
    state.set(place, event_id)
    state.set("number", number + 1)
    state.set(f"seen/{event_id}", 1)
    return True
