"""One process at a time does something: whoever has a lock of its connection, inside no transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.wake import Bell

SILENT_MS: Final = 60_000
"""A process that has said nothing for so long while it has the lock is paused, and loses it."""
STANDBY_S: Final = 0.5
"""Time after which one that does not lead looks again whether somebody does."""
LEAD: Final = "SELECT pg_try_advisory_lock(hashtext($1))"
NOT_SILENT: Final = "SELECT set_config('idle_session_timeout', $1, false)"
LEAD_NO_MORE: Final = "SELECT pg_advisory_unlock(hashtext($1))"
SHARE: Final = "SELECT pg_try_advisory_lock_shared(hashtext($1))"
SHARE_NO_MORE: Final = "SELECT pg_advisory_unlock_shared(hashtext($1))"


@asynccontextmanager
async def leading(db: Database, lock: str, route: str, *, shared: bool = False) -> AsyncIterator[Tx | None]:
    """A connection that has the `lock`, on behalf of `route`; None where another has it.

    `shared`: together with all others who share it; None where somebody has it alone.
    """
    lead, lead_no_more = (SHARE, SHARE_NO_MORE) if shared else (LEAD, LEAD_NO_MORE)
    async with db.reading(internal_call(route)) as tx:
        if not await tx.value(lead, lock):
            yield None
            return
        try:
            await tx.value(NOT_SILENT, str(SILENT_MS))
            yield tx
        finally:
            await tx.value(NOT_SILENT, "0")
            await tx.value(lead_no_more, lock)


async def lead_in_turn(
    db: Database,
    url: str,
    lock: str,
    lead: Callable[[Any, asyncio.Event], Awaitable[None]],
    *,
    bell: Bell,
    stop: asyncio.Event,
    silent_s: float,
) -> None:
    """`lead` with a connection of its own that has the `lock`, once nobody else has it, until `stop`.

    A process that says nothing on that connection for `silent_s` seconds is paused, and loses it. Raises what the
    driver does where the database is away, and what `lead` raises; it is for the caller to come again.
    """
    connection = await db.beside(url, silent_s)
    try:
        while not stop.is_set():
            if await connection.fetchval(LEAD, lock):
                await lead(connection, stop)
            else:
                await bell.rung(STANDBY_S)
    finally:
        await connection.close(timeout=2)
