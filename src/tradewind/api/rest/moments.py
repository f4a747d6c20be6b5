"""Moments that no calendar holds: so early or late that they fall out of it in UTC, as Postgres keeps them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, structs

DETAIL: Final = "Expected a moment between the years 1 and 9999 in UTC"


def out_of_calendar(said: str | bytes, value: Any) -> bool:
    """Whether `value`, read from `said`, holds a moment that cannot be kept. Only the first and the last year can."""
    edges = ("0001-", "9999-") if isinstance(said, str) else (b"0001-", b"9999-")
    return any(edge in said for edge in edges) and any(map(_is_outside, _moments(value)))  # type: ignore[operator]


def _is_outside(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return True
    return False


def _moments(value: Any) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, Struct):
        yield from _moments(structs.astuple(value))
    elif isinstance(value, dict):
        yield from _moments(tuple(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _moments(one)
