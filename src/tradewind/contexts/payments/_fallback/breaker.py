"""A circuit breaker with a conservative sliding window, on the clock that tests can hold (S0-149).

It opens late, on many attempts and not on a few; it closes late, on several good probes and not on one; and each probe
that fails doubles the wait. So a gateway that flaps makes it neither flutter nor ask for buyers' money in between.
"""

from collections import deque
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from msgspec import Struct

from tradewind.kernel.clock import now


class State(IntEnum):
    """How the gateway is treated; the numbers are the metric's."""

    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2


class Rules(Struct, frozen=True, kw_only=True):
    """When the circuit opens, how long it stays so, and what closes it again."""

    window: timedelta = timedelta(seconds=60)
    at_least: int = 10
    """Attempts in the window below which nothing is concluded."""
    failing: float = 0.5
    """The share of failed attempts in the window that opens the circuit."""
    wait: timedelta = timedelta(seconds=30)
    longest_wait: timedelta = timedelta(minutes=4)
    good_probes: int = 3
    """Probes in a row that must be answered before the circuit closes."""


CONSERVATIVE: Final = Rules()


class Breaker:
    """One process's mind about the gateway."""

    def __init__(self, rules: Rules = CONSERVATIVE) -> None:
        self._rules = rules
        self._attempts: deque[tuple[datetime, bool]] = deque()
        self._open_until: datetime | None = None
        self._wait = rules.wait
        self._good = 0
        self._probing = False

    def state(self) -> State:
        """Where it stands at this moment."""
        if self._open_until is None:
            return State.CLOSED
        return State.OPEN if now() < self._open_until else State.HALF_OPEN

    def attempted(self, *, answered: bool) -> None:
        """An attempt ended. Those that were under way when the circuit opened say nothing new."""
        if self.state() is not State.CLOSED:
            return
        moment = now()
        self._attempts.append((moment, answered))
        while self._attempts[0][0] <= moment - self._rules.window:
            self._attempts.popleft()
        failed = sum(not well for _, well in self._attempts)
        if len(self._attempts) >= self._rules.at_least and failed >= self._rules.failing * len(self._attempts):
            self._open()

    def take_probe(self) -> bool:
        """Whether the caller shall probe now, and tell `probed` what came of it: one probe at a time."""
        if self._probing or self.state() is not State.HALF_OPEN:
            return False
        self._probing = True
        return True

    def probed(self, *, answered: bool) -> None:
        """A probe ended."""
        self._probing = False
        if not answered:
            self._wait = min(2 * self._wait, self._rules.longest_wait)
            self._open()
            return
        self._good += 1
        if self._good >= self._rules.good_probes:
            self._open_until, self._wait = None, self._rules.wait

    def _open(self) -> None:
        self._attempts.clear()
        self._good = 0
        self._open_until = now() + self._wait
