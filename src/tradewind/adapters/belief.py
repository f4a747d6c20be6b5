"""Whether what lies elsewhere a second time is believed: only while somebody says that it has everything."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic
from typing import Final

from tradewind.kernel.clock import now
from tradewind.ports.progress import MAX_BEHIND_S

BELIEVED_S: Final = 2.0
"""Time for which a process believes what it saw of how far a copy is."""
TOLD_EVERY_S: Final = 5.0
"""Time between two notes that a copy is up to date, where nothing happens."""


class Belief:
    """In one copy; `up_to_date_at` asks it when it last had everything, None where nobody has said so."""

    def __init__(self, up_to_date_at: Callable[[], Awaitable[datetime | None]]) -> None:
        self._up_to_date_at = up_to_date_at
        self.forget()

    def forget(self) -> None:
        """Believe nothing of what was seen."""
        self._believed_until, self._told_at = 0.0, -TOLD_EVERY_S

    async def holds(self) -> bool:
        """Whether somebody found the copy up to date not long ago."""
        if monotonic() < self._believed_until:
            return True
        at = await self._up_to_date_at()
        if at is None or (now() - at).total_seconds() > MAX_BEHIND_S:
            return False
        self._believed_until = monotonic() + BELIEVED_S
        return True

    @property
    def is_due(self) -> bool:
        """Whether it is time to note again that the copy has everything."""
        return monotonic() - self._told_at >= TOLD_EVERY_S

    def told(self) -> None:
        """It was noted just now."""
        self._told_at = monotonic()
