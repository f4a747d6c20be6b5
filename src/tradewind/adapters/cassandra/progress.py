"""How far a copy on Cassandra is: noted last, in the keyspace with it, so who wipes the copy has it made anew.

The place is written with itself as the time of writing, so it never goes back; and when the copy was last found to have
everything, so a copy that nobody brings on is refused. Each copy has such a table of its own, which is emptied with it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tradewind.adapters.belief import Belief
from tradewind.kernel.clock import now
from tradewind.ports.progress import NOWHERE, Reached


class Notes(NamedTuple):
    """The statements of one copy's table: read it, note a place, note that the copy has everything."""

    read: str
    reach: str
    up_to_date: str


class Progress:
    """Of the copy that `reader` is; `ask` asks Cassandra, and raises what the copy's port raises."""

    def __init__(self, reader: str, notes: Notes, ask: Callable[..., Awaitable[Sequence[Any]]]) -> None:
        self._reader, self._notes, self._ask = reader, notes, ask
        self._belief = Belief(self._up_to_date_at)

    def forget(self) -> None:
        """Believe nothing of what was seen."""
        self._belief.forget()

    async def reached(self) -> Reached:
        """NOWHERE where nothing is there."""
        rows = await self._ask(self._notes.read, self._reader)
        return Reached(*rows[0][0]) if rows and rows[0][0] else NOWHERE

    async def note(self, upto: Reached, *, wrote: bool, is_all: bool) -> None:
        """Everything up to there is in the copy, and something new if it `wrote`; that is all there is, if `is_all`."""
        if wrote or upto != await self.reached():
            await self._ask(self._notes.reach, self._reader, tuple(upto), upto.stamp)
        if is_all and self._belief.is_due:
            await self._ask(self._notes.up_to_date, self._reader, now())
            self._belief.told()

    async def is_believed(self) -> bool:
        """Whether somebody found it up to date not long ago."""
        return await self._belief.holds()

    async def _up_to_date_at(self) -> datetime | None:
        rows = await self._ask(self._notes.read, self._reader)
        return rows[0][1].replace(tzinfo=UTC) if rows and rows[0][1] else None
