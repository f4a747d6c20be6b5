"""The time that a question is about."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from tradewind.kernel.clock import now
from tradewind.kernel.errors import Invalid
from tradewind.ports.columns import Grain

LONGEST: Final[Mapping[Grain, timedelta]] = {
    Grain.MINUTE: timedelta(days=1),
    Grain.HOUR: timedelta(days=31),
    Grain.DAY: timedelta(days=1100),
}
"""The longest period by how finely it is cut: no answer has many more rows than 1,500 for each currency."""
USUAL: Final[Mapping[Grain, timedelta]] = {
    Grain.MINUTE: timedelta(hours=1),
    Grain.HOUR: timedelta(days=1),
    Grain.DAY: timedelta(days=30),
}
"""The period of those who do not say when it begins."""


class UnfitPeriod(Invalid):
    """The period ends before it begins, or is too long for how finely it is cut. `longest` is in seconds."""


def period(since: datetime | None, until: datetime | None, by: Grain = Grain.DAY) -> tuple[datetime, datetime]:
    """From when up to when; until now, and for the usual time, where it is not said. Refuses UnfitPeriod."""
    end = _in_utc(until or now())
    start = _in_utc(since) if since else end - USUAL[by]
    if not start < end or end - start > LONGEST[by]:
        raise UnfitPeriod(longest=int(LONGEST[by].total_seconds()))
    return start, end


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
