"""When a message goes out: not at night where it would wake somebody, and later each time that it did not work."""

import random
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tradewind.contexts.notifications._domain.messages import MARKETING, Channel, Kind

QUIET_FROM: Final = time(21)
QUIET_UNTIL: Final = time(8)
FIRST_RETRY_S: Final = 5.0
LONGEST_RETRY_S: Final = 3600.0
MAX_ATTEMPTS: Final = 24
"""The first eleven take some two hours, the others an hour each: a server that is away for half a day loses nothing."""


def is_quiet(kind: Kind, channel: Channel) -> bool:
    """Whether it keeps quiet hours: what rings, and what nobody asked for."""
    return channel is not Channel.EMAIL or kind in MARKETING


def not_before(moment: datetime, zone: str) -> datetime:
    """`moment`, or the end of the quiet hours in which it falls at `zone`."""
    there = moment.astimezone(ZoneInfo(zone))
    if QUIET_UNTIL <= there.time() < QUIET_FROM:
        return moment
    day = there.date() + timedelta(days=1) if there.time() >= QUIET_FROM else there.date()
    return datetime.combine(day, QUIET_UNTIL, there.tzinfo).astimezone(moment.tzinfo)


def retry_after(attempt: int) -> timedelta | None:
    """How long to wait after the `attempt`-th failure, with jitter; None where it is given up."""
    if attempt >= MAX_ATTEMPTS:
        return None
    longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** (attempt - 1))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 -- jitter is no secret
