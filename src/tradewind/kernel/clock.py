"""The one place where the program asks what time it is, so that a test can hold the clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_now: ContextVar[Callable[[], datetime]] = ContextVar("now", default=lambda: datetime.now(UTC))


def now() -> datetime:
    """The present moment, in UTC."""
    return _now.get()()


@contextmanager
def held(moment: datetime) -> Iterator[None]:
    """Stop this context's clock at `moment` meanwhile, for tests and for replays of the past."""
    token = _now.set(lambda: moment)
    try:
        yield
    finally:
        _now.reset(token)
