"""The one place where the program asks what time it is, so that a test can hold the clock."""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

_now: ContextVar[Callable[[], datetime]] = ContextVar("now", default=lambda: datetime.now(UTC))


def now() -> datetime:
    """The present moment, in UTC."""
    return _now.get()()


def hold(moment: datetime) -> None:
    """Stop this context's clock at `moment`, for tests and for replays of the past."""
    _now.set(lambda: moment)
