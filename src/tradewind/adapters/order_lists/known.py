"""What is known of one order, whatever was told how often and in which sequence: of each thing the last word counts."""

from collections.abc import Iterable
from typing import Any, Final

from tradewind.ports.order_lists import Change

TOLD: Final = ("user_id", "placed_at", "status", "total_minor", "currency", "held")
SHOWN: Final = ("status", "total_minor", "currency", "held")
"""What a list says of an order beside its keys."""


class Known:
    """Each thing with the place at which it was told, and everybody who was ever said to own the order."""

    def __init__(self, words: Iterable[tuple[str, int, Any]] = ()) -> None:
        self.words = {name: (place, value) for name, place, value in words}
        self.before = dict(self.words)
        self._owners = {self.words["user_id"][1]} if "user_id" in self.words else set()

    def learn(self, change: Change) -> None:
        """Take a change in; an older word than what is known changes nothing."""
        for name in TOLD:
            value = getattr(change, name)
            if value is None:
                continue
            if name == "user_id":
                self._owners.add(value)
            if name not in self.words or self.words[name][0] < change.place:
                self.words[name] = (change.place, value)

    def __getitem__(self, name: str) -> Any:
        """What is known; None where nothing is."""
        return self.words[name][1] if name in self.words else None

    @property
    def is_shown(self) -> bool:
        """Whether its owner and its place in their list are known."""
        return "user_id" in self.words and "placed_at" in self.words

    @property
    def last_place(self) -> int:
        """Of all that is known."""
        return max(place for place, _ in self.words.values())

    @property
    def left(self) -> set[str]:
        """Owners in whose lists it must not lie."""
        return self._owners - {self["user_id"]}

    def news(self) -> dict[int, dict[str, Any]]:
        """What was learned, by place."""
        return self._by_place(name for name in self.words if self.words[name] != self.before.get(name))

    def shown(self) -> dict[int, dict[str, Any]]:
        """What has to be written into the owner's list, by place: all of it where it was not there before."""
        keys = ("user_id", "placed_at")
        if all(name in self.before and self.before[name][1] == self[name] for name in keys):
            return self._by_place(name for name in SHOWN if self.words.get(name) != self.before.get(name))
        return self._by_place(name for name in SHOWN if name in self.words)

    def _by_place(self, names: Iterable[str]) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for name in names:
            place, value = self.words[name]
            found.setdefault(place, {})[name] = value
        return found
