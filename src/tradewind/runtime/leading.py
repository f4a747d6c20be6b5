"""One process at a time does something: whoever has a lock of its connection, inside no transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx

SILENT_MS: Final = 60_000
"""A process that has said nothing for so long while it has the lock is paused, and loses it."""
LEAD: Final = "SELECT pg_try_advisory_lock(hashtext($1))"
NOT_SILENT: Final = "SELECT set_config('idle_session_timeout', $1, false)"
LEAD_NO_MORE: Final = "SELECT pg_advisory_unlock(hashtext($1))"


@asynccontextmanager
async def leading(db: Database, lock: str, route: str) -> AsyncIterator[Tx | None]:
    """A connection that has the `lock`, on behalf of `route`; None where another has it."""
    async with db.reading(internal_call(route)) as tx:
        if not await tx.value(LEAD, lock):
            yield None
            return
        try:
            await tx.value(NOT_SILENT, str(SILENT_MS))
            yield tx
        finally:
            await tx.value(NOT_SILENT, "0")
            await tx.value(LEAD_NO_MORE, lock)
