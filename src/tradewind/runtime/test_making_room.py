"""A server that lets nobody in any more: what a process does not use must not keep out those on whom all depends."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from tests.counters import add
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Database
from tradewind.runtime.test_relay import Listener, count_up, relaying
from tradewind.runtime.wake import Bell

PLACES: Final = 3
"""So many connections are let in."""


@pytest_asyncio.fixture
async def narrow(db: Database, url: str) -> AsyncIterator[str]:
    """The same database for a role that is let in PLACES times, and then refused as by a server that is full."""
    name, parts = f"narrow_{new_id().hex}", urlsplit(url)
    await db.pool.execute(
        f"CREATE ROLE {name} LOGIN PASSWORD 'narrow' CONNECTION LIMIT {PLACES} IN ROLE {parts.username}"
    )
    yield urlunsplit(parts._replace(netloc=f"{name}:narrow@{parts.netloc.rpartition('@')[2]}"))
    await db.pool.execute(f"DROP ROLE {name}")


async def test_one_place_of_the_pool_is_enough_for_whoever_leads_and_they_lose_it_when_they_are_silent(
    db: Database, narrow: str
) -> None:
    full = await Database.open(narrow, {}, db.policy, size=PLACES)
    async with AsyncExitStack() as places:
        for _ in range(PLACES):
            await places.enter_async_context(full.pool.acquire())
    leading = await full.beside(narrow, 7.0)
    assert await leading.fetchval("SHOW idle_session_timeout") == "7s"
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await asyncpg.connect(narrow)
    await leading.close()
    await full.close()


async def test_a_relay_gets_in_where_the_pool_of_its_own_process_has_taken_every_place(
    db: Database, bell: Bell, narrow: str
) -> None:
    await add(db, "a")
    full, one = await Database.open(narrow, {}, db.policy, size=PLACES), Listener("one")
    async with AsyncExitStack() as places:
        for _ in range(PLACES):
            await places.enter_async_context(full.pool.acquire())
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await asyncpg.connect(narrow)
    async with relaying(full, bell, narrow, one.subscriber):
        await count_up(db, 2)
        await one.until(2)
    assert one.committed == [1, 2]
    await full.close()
