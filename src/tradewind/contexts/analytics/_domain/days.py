"""Days, which are UTC's: when they begin, which are over."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

GRACE: Final = timedelta(minutes=15)
"""How long after midnight a day is not over yet: for clocks that differ, and what was begun before and ends after."""


def begin(day: date) -> datetime:
    """Its first moment."""
    return datetime.combine(day, time.min, UTC)


def end(day: date) -> datetime:
    """The first moment that is not of it any more."""
    return begin(day) + timedelta(days=1)


def first_day_open(now: datetime) -> date:
    """The first day that is not over; those before are."""
    return (now.astimezone(UTC) - GRACE).date()


def days_over(moments: Iterable[datetime], now: datetime) -> Sequence[date]:
    """The days of those moments that were on days before, each once."""
    return sorted({day for one in moments if (day := one.astimezone(UTC).date()) < now.astimezone(UTC).date()})
