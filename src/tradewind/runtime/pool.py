"""Connections to the shop's Postgres: how long they wait, how long they are kept, what they know of each other."""

from collections.abc import Iterable
from typing import Any, ClassVar

import asyncpg

from tradewind.runtime import giving_way

MAX_CONNECTIONS = 16
IDLE_S = 60.0
"""A connection that nobody has wanted for so long is closed: others may need its place in the server."""
LOCK_TIMEOUT = "3s"
"""Longest wait for a row that somebody else holds; then the caller is told to come again."""
STATEMENT_TIMEOUT = "30s"


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Sends nothing when it goes back to the pool: we set nothing outside a transaction. Knows what others learnt.

    The driver asks about each of our composite types anew on each connection, in the midst of the transaction that
    first needs it: 5 ms a type, while others wait. What a migration changes of a type is seen by who starts after it.
    """

    known: ClassVar[dict[frozenset[int], Any]]
    """By the types' oids: what the server said, to any connection of the pool."""

    def get_reset_query(self) -> str:
        return ""

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float) -> Any:
        wanted = frozenset(typeoids)
        if wanted not in self.known:
            self.known[wanted] = await super()._introspect_types(typeoids, timeout)
        return self.known[wanted]


async def open_pool(url: str, *, size: int = MAX_CONNECTIONS, silent_s: float | None = None) -> Any:
    """A pool whose connections have our time-outs and send nothing between transactions."""
    settings = {"application_name": "tradewind", "lock_timeout": LOCK_TIMEOUT, "statement_timeout": STATEMENT_TIMEOUT}
    if silent_s is not None:
        settings |= giving_way.when_silent(silent_s)

    class OfThisPool(_Connection):
        known: ClassVar[dict[frozenset[int], Any]] = {}

    return await asyncpg.create_pool(
        url, min_size=1, max_size=size, max_inactive_connection_lifetime=IDLE_S, connection_class=OfThisPool,
        server_settings=settings, command_timeout=60,
    )  # fmt: skip
