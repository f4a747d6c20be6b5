"""That an engine is away: it is left alone for a while, so that one that hangs costs one wait and not one a request."""

from time import monotonic
from typing import Any

from prometheus_client import Gauge

from tradewind.runtime.telemetry.logs import log


class Absence:
    """Of one engine, as one part of this process sees it. `gauge` is 1 while it lasts; each turn is logged once.

    Who asks seldom has no gauge: it would say that the engine is away until somebody asks again.

    `what`: subject and verb of what the log says, like "wide rows are". `facts` go with it.
    """

    def __init__(self, gauge: Gauge | None, what: str, retry_s: float, **facts: Any) -> None:
        self._gauge, self._what, self._retry_s, self._facts = gauge, what, retry_s, facts
        self._until = 0.0
        self._lasts = False

    @property
    def is_left_alone(self) -> bool:
        """Whether nobody is to ask it now."""
        return monotonic() < self._until

    def lost(self, error: BaseException) -> None:
        """It did not answer; leave it alone for a while."""
        self._until = monotonic() + self._retry_s
        if not self._lasts:
            self._lasts = True
            self._show(1)
            log.warning(f"{self._what} away", error=type(error).__name__, **self._facts)

    def found(self) -> None:
        """It answered."""
        if self._lasts:
            self._lasts = False
            self._show(0)
            log.info(f"{self._what} back", **self._facts)

    def _show(self, value: int) -> None:
        if self._gauge is not None:
            self._gauge.set(value)
