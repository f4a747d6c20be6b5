"""How far a copy on Cassandra is: noted last, in the keyspace with it, so who wipes the copy has it made anew.

The place is written with itself as the time of writing, so it never goes back; and when the copy was last found to have
everything, so a copy that nobody brings on is refused. Each copy has such a table of its own, which is emptied with it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC
from time import monotonic
from typing import Any, Final, NamedTuple

from tradewind.kernel.clock import now
from tradewind.ports.progress import MAX_BEHIND_S, NOWHERE, Reached

BELIEVED_S: Final = 2.0
"""Time for which a process believes what it saw of how far a copy is."""
TOLD_EVERY_S: Final = 5.0
"""Time between two notes that a copy is up to date, where nothing happens."""


class Notes(NamedTuple):
    """The statements of one copy's table: read it, note a place, note that the copy has everything."""

    read: str
    reach: str
    up_to_date: str


class Progress:
    """Of the copy that `reader` is; `ask` asks Cassandra, and raises what the copy's port raises."""

    def __init__(self, reader: str, notes: Notes, ask: Callable[..., Awaitable[Sequence[Any]]]) -> None:
        self._reader, self._notes, self._ask = reader, notes, ask
        self.forget()

    def forget(self) -> None:
        """Believe nothing of what was seen."""
        self._believed_until, self._told_at = 0.0, -TOLD_EVERY_S

    async def reached(self) -> Reached:
        """NOWHERE where nothing is there."""
        rows = await self._ask(self._notes.read, self._reader)
        return Reached(*rows[0][0]) if rows and rows[0][0] else NOWHERE

    async def note(self, upto: Reached, *, wrote: bool, is_all: bool) -> None:
        """Everything up to there is in the copy, and something new if it `wrote`; that is all there is, if `is_all`."""
        if wrote or upto != await self.reached():
            await self._ask(self._notes.reach, self._reader, tuple(upto), upto.stamp)
        if is_all and monotonic() - self._told_at >= TOLD_EVERY_S:
            await self._ask(self._notes.up_to_date, self._reader, now())
            self._told_at = monotonic()

    async def is_believed(self) -> bool:
        """Whether somebody found it up to date not long ago."""
        if monotonic() < self._believed_until:
            return True
        rows = await self._ask(self._notes.read, self._reader)
        at = rows[0][1] if rows else None
        if at is None or (now() - at.replace(tzinfo=UTC)).total_seconds() > MAX_BEHIND_S:
            return False
        self._believed_until = monotonic() + BELIEVED_S
        return True
