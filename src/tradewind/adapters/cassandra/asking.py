"""A copy's own way to ask Cassandra: what cannot be asked raises what the copy's port says."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tradewind.adapters.cassandra.link import Link, WideRowsAway, Write
from tradewind.kernel.errors import Unavailable

CLEAR_S: Final = 30.0
"""Longest wait for a table to be emptied, which every node has to agree to."""
Asked = tuple[str, Sequence[Any]]


class Asking:
    """Asks the keyspace of `link`, whose owner closes it; raises `away` where it does not answer."""

    def __init__(self, link: Link, away: type[Unavailable]) -> None:
        self.link, self._away = link, away

    async def ask(self, cql: str, *values: Any) -> Sequence[Any]:
        """The rows of the answer."""
        (rows,) = await self.ask_all([(cql, values)])
        return rows

    async def ask_all(self, asked: Iterable[Asked], *, within_s: float | None = None) -> list[Sequence[Any]]:
        """The rows of each answer, many at once and in any sequence."""
        try:
            return await self.link.ask_all(asked, within_s=within_s)
        except WideRowsAway as away:
            raise self._away from away.__cause__

    async def write_all(self, writes: Iterable[Write]) -> None:
        """Do all of it, many at once and in any sequence."""
        try:
            await self.link.write_all(writes)
        except WideRowsAway as away:
            raise self._away from away.__cause__

    async def clear(self, tables: Iterable[str]) -> None:
        """Empty tables by these statements, one after the other."""
        for table in tables:
            await self.ask_all([(table, ())], within_s=CLEAR_S)
