"""The one place where the program asks what time it is, so that a test can hold the clock."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_now: ContextVar[Callable[[], datetime]] = ContextVar("now", default=lambda: datetime.now(UTC))

_sleep: ContextVar[Callable[[float], Awaitable[None]]] = ContextVar("sleep", default=asyncio.sleep)


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


async def sleep(seconds: float) -> None:
    """Let time pass, where a test may hold the clock."""
    await _sleep.get()(seconds)


class Held:
    """A clock that moves by hand only, and by what sleeps."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        self.slept: list[float] = []

    def pass_by(self, seconds: float) -> None:
        """Move on."""
        self.moment += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Be over at once, so many seconds later."""
        self.slept.append(seconds)
        self.pass_by(seconds)
        await asyncio.sleep(0)


@contextmanager
def driven(moment: datetime) -> Iterator[Held]:
    """Start this context's clock at `moment` and let it move by hand and by sleeping, which takes no time."""
    clock = Held(moment)
    tokens = _now.set(lambda: clock.moment), _sleep.set(clock.sleep)
    try:
        yield clock
    finally:
        _now.reset(tokens[0])
        _sleep.reset(tokens[1])
