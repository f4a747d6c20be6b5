"""What is remembered of events that were added: as much as is needed, and never more."""

from typing import Any

import pytest

from tradewind.adapters.streams import adding
from tradewind.adapters.streams.adding import add


class Kept(dict[str, Any]):
    """A state in memory."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value

    def exists(self, key: str) -> bool:
        return key in self

    def delete(self, key: str) -> None:
        del self[key]

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, default)


def an_event(number: int) -> dict[str, Any]:
    return {"id": str(number), "currency": "EUR", "gains": [("day", 0, "EUR", 100, 0)]}


def test_what_is_sent_again_adds_nothing_and_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "KEPT", 3)
    state, rows = Kept(), list[list[Any]]()
    for number in range(50):
        for again in range(max(0, number - 2), number + 1):
            rows += add(an_event(again), state)
    assert rows == [["day", 0, "EUR", 100 * many, 0, many] for many in range(1, 51)]
    assert sorted(key for key in state if key.startswith("seen/")) == ["seen/47", "seen/48", "seen/49"]
    assert len(state) == 3 + 3 + 2
