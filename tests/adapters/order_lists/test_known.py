"""What is known of an order is the same, in whichever sequence, how often and in how many pieces it was told."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.order_lists.conftest import Told
from tests.adapters.order_lists.told import NOON, claimed, edited, paid, placed, reserved
from tradewind.adapters.order_lists.known import Known
from tradewind.contexts.orders._projections.order_changes import order_change
from tradewind.kernel.ids import new_id

ORDER = placed("guest", order_id=new_id())
TOLD: list[Told] = [
    (1, ORDER), (3, reserved(ORDER)), (4, claimed(ORDER, "ann")), (6, edited(ORDER, "7.00")),
    (8, claimed(ORDER, "bob")), (9, paid(ORDER)),
]  # fmt: skip


class Cells:
    """Tables as Cassandra keeps them: of each cell the word with the greatest timestamp, and graves."""

    def __init__(self) -> None:
        self.learned: dict[str, tuple[int, Any]] = {}
        self.lists: dict[str, dict[str, tuple[int, Any]]] = defaultdict(dict)
        self.graves: dict[str, int] = defaultdict(int)

    def hear(self, told: Sequence[Told]) -> None:
        known = Known((name, place, value) for name, (place, value) in self.learned.items())
        for place, event in told:
            known.learn(order_change(event, place))
        if known.is_shown:
            for owner in known.left:
                self.graves[owner] = max(self.graves[owner], known.last_place)
            _put(self.lists[known["user_id"]], known.shown())
        _put(self.learned, known.news())

    def shown(self) -> dict[str, dict[str, Any]]:
        """What each list says."""
        cells = {
            owner: {name: value for name, (place, value) in row.items() if place > self.graves[owner]}
            for owner, row in self.lists.items()
        }
        return {owner: row for owner, row in cells.items() if row}


def _put(row: dict[str, tuple[int, Any]], told: dict[int, dict[str, Any]]) -> None:
    for place, values in told.items():
        for name, value in values.items():
            if name not in row or row[name][0] <= place:
                row[name] = (place, value)


def heard(pieces: Iterable[Sequence[Told]]) -> Cells:
    cells = Cells()
    for piece in pieces:
        cells.hear(piece)
    return cells


def test_the_last_owner_has_it_and_nobody_else() -> None:
    row = {"status": "PAID", "total_minor": 700, "currency": "EUR", "held": True}
    assert heard([TOLD]).shown() == {"bob": row}


@given(st.lists(st.lists(st.sampled_from(TOLD), max_size=4), max_size=12))
def test_any_sequence_with_any_repetitions_comes_to_the_same(pieces: list[list[Told]]) -> None:
    assert heard([*pieces, TOLD]).shown() == heard([TOLD]).shown()
    assert heard([*pieces, *([one] for one in reversed(TOLD))]).shown() == heard([TOLD]).shown()


def test_what_changes_nothing_writes_nothing() -> None:
    cells = heard([TOLD])
    known = Known((name, place, value) for name, (place, value) in cells.learned.items())
    for place, event in TOLD:
        known.learn(order_change(event, place))
    assert (known.news(), known.shown()) == ({}, {})
    assert known["placed_at"] == NOON
