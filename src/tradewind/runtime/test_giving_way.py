"""Who is silent gives way; who is cancelled stays cancelled, though the connection breaks on the way out."""

import asyncio
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.runtime.database import AWAY, Database
from tradewind.runtime.giving_way import end_silent
from tradewind.runtime.pool import open_pool

LOCK = "SELECT pg_advisory_xact_lock(4711)"
IS_FREE = "SELECT pg_try_advisory_xact_lock(4711)"


async def test_a_silent_transaction_is_ended_from_outside_and_its_locks_are_free(
    database: Database, own_engines: Any
) -> None:
    pool = await open_pool(own_engines.database_url, size=1, silent_s=60.0)
    paused = await pool.acquire()
    await paused.transaction().start()
    await paused.fetchval(LOCK)
    async with database.transaction(a_call()) as tx:
        assert not await tx.value(IS_FREE)
        assert await end_silent(tx, 3600.0) == 0
        assert await end_silent(tx, 0.0) == 1
        await tx.value(LOCK)
    with pytest.raises(AWAY):
        await paused.fetchval(LOCK)
    pool.terminate()


async def test_a_task_that_is_cancelled_stays_so_though_its_connection_broke(database: Database) -> None:
    began: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        async with database.transaction(a_call()) as tx:
            began.set_result(await tx.value("SELECT pg_backend_pid()"))
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    backend = await began
    await database.pool.fetchval("SELECT pg_terminate_backend($1, 5000)", backend)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
