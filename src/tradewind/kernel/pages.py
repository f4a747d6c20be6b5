"""Pages of a list that goes on where the page before ended: what a cursor says, and that only its list takes it back.

A cursor is the key of the last row shown, so rows that come and go meanwhile are neither shown twice nor passed over.
Clients carry it and are not to look into it; what a client made up is refused, whatever it says.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta

from tradewind.kernel.errors import Invalid

FIRST_MOMENT: Final = datetime.min.replace(tzinfo=UTC)
LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)
MAX_INT: Final = 2**31 - 1
"""The largest number of an integer column."""
Moment = Annotated[datetime, Meta(tz=True)]
Number = Annotated[int, Meta(ge=0, le=MAX_INT)]
Text = Annotated[str, Meta(pattern=r"\A[^\x00]*\Z")]
"""What keys are made of, within what a column of that kind can be compared with."""
Cursor = Annotated[str, Meta(max_length=255)]
"""As a route takes it: no longer than any text in an address may be."""
Key = TypeVar("Key")
Row = TypeVar("Row")
_encoder: Final = msgspec.msgpack.Encoder(uuid_format="bytes")


class UnfitCursor(Invalid):
    """The cursor is none that this list gave."""


def write(said: Any) -> str:
    """As clients carry it: safe in an address."""
    return urlsafe_b64encode(_encoder.encode(said)).decode().rstrip("=")


def read(cursor: str, decoder: "msgspec.msgpack.Decoder[Key]") -> Key:
    """What `write` was given; refuses (UnfitCursor) every text that it did not give, to the letter."""
    try:
        said = decoder.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if write(said) == cursor:
            return said
    except (ValueError, OverflowError, msgspec.MsgspecError):  # in UTC, some moments lie outside of all calendars
        pass
    raise UnfitCursor


def cut(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], Row | None]:
    """The page of `limit` out of one row more, and its last row where another page follows."""
    shown = rows[:limit]
    return shown, shown[-1] if len(rows) > limit else None


class Keyset(Generic[Key]):
    """The cursors of one list: `name` is its own and its order's, `of` the type of its keys, `start` is before all."""

    def __init__(self, name: str, of: Any, start: Key) -> None:
        self._name, self._start = name, start
        self._decoder: msgspec.msgpack.Decoder[tuple[str, Key]] = msgspec.msgpack.Decoder(tuple[str, of])

    def after(self, cursor: str | None) -> Key:
        """The key that the page goes on behind; refuses UnfitCursor, also for one of another list or order."""
        if cursor is None:
            return self._start
        name, key = read(cursor, self._decoder)
        if name != self._name:
            raise UnfitCursor
        return key

    def page(self, rows: Sequence[Row], limit: int, key: Callable[[Row], Key]) -> tuple[Sequence[Row], str | None]:
        """The page of `limit` out of one row more, and the cursor of the next one where there is one."""
        shown, last = cut(rows, limit)
        return shown, None if last is None else write((self._name, key(last)))
