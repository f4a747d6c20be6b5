"""Ids, time, lifecycles and refusals keep their promises."""

from datetime import UTC, datetime
from enum import StrEnum

import pytest

from tradewind.kernel import clock, errors
from tradewind.kernel.ids import MAX_ID, new_id, new_trace_id
from tradewind.kernel.lifecycle import IllegalMove, Lifecycle


class Door(StrEnum):
    OPEN = "OPEN"
    SHUT = "SHUT"


class Opened:
    pass


class Closed:
    pass


DOOR = Lifecycle((Door.OPEN, Closed, Door.SHUT), (Door.SHUT, Opened, Door.OPEN))


def test_ids_are_of_version_7_unique_and_sort_by_the_time_they_were_made() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    assert len({*ids}) == len(ids)
    assert ids == sorted(ids), "also those of one millisecond"
    assert max(ids) < MAX_ID


def test_a_trace_id_is_32_hexadecimal_digits() -> None:
    assert len(bytes.fromhex(new_trace_id())) == 16


def test_a_held_clock_stands_still() -> None:
    moment = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    with clock.held(moment):
        assert clock.now() == moment == clock.now()
    assert clock.now() > moment


def test_a_lifecycle_follows_its_arrows_and_refuses_the_rest() -> None:
    assert DOOR.follow(Door.OPEN, Closed) is Door.SHUT
    with pytest.raises(IllegalMove) as refused:
        DOOR.follow(Door.OPEN, Opened)
    assert refused.value.facts == {"state": "OPEN", "event": "Opened"}
    assert DOOR.sources(Opened) == {Door.SHUT}


def test_two_arrows_of_one_event_from_one_state_are_a_mistake() -> None:
    with pytest.raises(AssertionError):
        Lifecycle((Door.OPEN, Closed, Door.SHUT), (Door.OPEN, Closed, Door.OPEN))


def test_a_refusal_without_words_says_what_its_class_says() -> None:
    assert errors.NotFound().detail == "There is no such thing."
    assert errors.Throttled(retry_after_s=7).retry_after_s == 7
