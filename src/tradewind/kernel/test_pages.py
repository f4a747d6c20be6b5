"""Cursors: what is made up is refused, and what was given leads on."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.pages import LAST_MOMENT, MAX_INT, Keyset, Moment, Number, Text, UnfitCursor, write

NEWEST: Final = Keyset("newest", tuple[Moment, UUID], (LAST_MOMENT, MAX_ID))
HELPFUL: Final = Keyset("helpful", tuple[Number, Text], (MAX_INT, ""))
AT: Final = datetime(2026, 11, 21, 7, tzinfo=UTC)
ID: Final = UUID(int=7)
KEY: Final = (AT, ID)


def cursor_of(list_: Keyset[Any], key: Any) -> str:
    _, cursor = list_.page([key, None], 1, lambda row: row)
    assert cursor is not None
    return cursor


GIVEN: Final = write(("newest", KEY))


def packed(said: Any) -> str:
    return urlsafe_b64encode(msgspec.msgpack.encode(said)).decode().rstrip("=")


@pytest.mark.parametrize(
    "made_up",
    [
        "", "x", "=", "AAAA", "é", "💥", "\ud800", "\0", "a" * 200, "0001-01-01T00:00:00+23:59~x", "newest~x~y",
        packed(["newest"]),
        packed(["newest", [AT]]),
        packed(["newest", [AT, 7]]),
        packed(["newest", [AT, str(ID)]]),
        packed(["newest", [AT.isoformat(), ID.bytes]]),
        packed(["newest", ["2026-11-21T07:00:00", ID.bytes]]),
        packed(["newest", ["0001-01-01T00:00:00+23:59", ID.bytes]]),
        packed(["newest", ["9999-12-31T23:59:59-23:59", ID.bytes]]),
        packed(["newest", [msgspec.msgpack.Ext(-1, b"\xff" * 12), ID.bytes]]),
        packed(["newest", [msgspec.msgpack.Ext(-1, b"\x00" * 4 + b"\x7f" + b"\xff" * 7), ID.bytes]]),
        *(before + GIVEN + behind for before, behind in (("", "="), ("", "\n"), (" ", ""), ("", "A"))),
        GIVEN[:-1],
    ],
)  # fmt: skip
def test_what_nobody_gave_is_refused(made_up: str) -> None:
    with pytest.raises(UnfitCursor):
        NEWEST.after(made_up)


@pytest.mark.parametrize(
    "key", [(-1, ""), (2**31, ""), (2**63, ""), (2**64 - 1, ""), (1, "\0"), (1, "a\0b\n"), (1.5, "")]
)
def test_what_no_column_can_be_compared_with_is_refused(key: Any) -> None:
    with pytest.raises(UnfitCursor):
        HELPFUL.after(packed(["helpful", key]))


def test_a_cursor_of_another_order_is_refused() -> None:
    other = Keyset("oldest", tuple[Moment, UUID], KEY)
    with pytest.raises(UnfitCursor):
        other.after(cursor_of(NEWEST, KEY))


@given(st.binary(max_size=60))
def test_whatever_bytes_are_sent_a_refusal_or_a_key_comes_of_it(content: bytes) -> None:
    text = urlsafe_b64encode(content).decode().rstrip("=")
    for one in (NEWEST, HELPFUL):
        try:
            key = one.after(text)
        except UnfitCursor:
            continue
        assert cursor_of(one, key) == text


def test_a_key_comes_back_as_it_was_to_the_microsecond() -> None:
    for key in (KEY, (datetime.min.replace(tzinfo=UTC), UUID(int=0)), (LAST_MOMENT, MAX_ID)):
        assert NEWEST.after(cursor_of(NEWEST, key)) == key
    assert HELPFUL.after(cursor_of(HELPFUL, (0, "é~\n"))) == (0, "é~\n")


def test_pages_end_where_no_row_is_left() -> None:
    assert NEWEST.page([KEY, KEY], 1, lambda row: row) == ([KEY], write(("newest", KEY)))
    assert NEWEST.page([KEY], 1, lambda row: row) == ([KEY], None)
    assert NEWEST.page([], 1, lambda row: row) == ([], None)
    assert NEWEST.after(None) == (LAST_MOMENT, MAX_ID)


def test_the_longest_sku_makes_a_cursor_that_a_route_takes() -> None:
    assert len(cursor_of(HELPFUL, (MAX_INT, "x" * 64))) <= 255
