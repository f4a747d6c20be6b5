"""R17: the next release's migrations come while this release is being bought from, and no request fails.

A table gets a column, a check, an index, another table that refers to it, and somebody who reads it for long is in the
way meanwhile. Who did not give way to the others in the queue would have them all wait: planted, and seen.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from tests.chaos.releases import buying, released
from tests.chaos.stands import Stand
from tradewind.runtime import migrate
from tradewind.runtime.migrate import read

FOLDER: Final = Path(__file__).parent / "next_migrations"
UNDER_LOAD: Final = 60
"""Orders placed between two steps."""
LOOK_AT: Final = "SELECT FROM orders.orders LIMIT 1"
WAITS: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'orders.orders'::regclass AND mode = $1"
ENOUGH: Final = "AccessExclusiveLock"
INVALID: Final = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


@asynccontextmanager
async def connected(stand: Stand) -> AsyncIterator[Any]:
    connection: Any = await asyncpg.connect(stand.shop.engines.database_url)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def migrated(stand: Stand, said: list[str]) -> int:
    """What the next release does at its start."""
    async with connected(stand) as connection:
        return await migrate.migrate(connection, [("next", FOLDER)], said.append)


async def in_the_queue(watcher: Any) -> None:
    """Return once the migration waits for the table."""
    async with asyncio.timeout(60):
        while not await watcher.fetchval(WAITS, ENOUGH):  # noqa: ASYNC110 -- Postgres tells nobody who waits in it
            await asyncio.sleep(0.01)


@asynccontextmanager
async def reading_for_long(stand: Stand) -> AsyncIterator[Any]:
    """A report that has the table in use until the block is left; the connection of somebody else who watches."""
    async with connected(stand) as long, connected(stand) as watcher, long.transaction():
        await long.execute(LOOK_AT)
        yield watcher


@pytest.mark.timeout(180)
async def test_the_next_releases_migrations_come_under_load_and_no_request_fails(stand: Stand) -> None:
    said: list[str] = []
    release = await released(stand)
    async with buying(stand, release.url) as buyers:
        await buyers.more(UNDER_LOAD)
        async with reading_for_long(stand) as watcher:
            migrating = asyncio.create_task(migrated(stand, said))
            await in_the_queue(watcher)
            await buyers.more(UNDER_LOAD)
            assert not migrating.done(), "the report is still being read"
        assert await migrating == len(read("next", FOLDER))
        await buyers.more(UNDER_LOAD)
        assert await migrated(stand, said) == 0
    violations = await stand.violations(dict.fromkeys(buyers.placed, "PAID"))
    assert await release.end() == [0, 0]
    print(f"\n{len(buyers.placed)} orders, {len(buyers.failed)} failed, while these came:", *said, sep="\n  ")
    assert not violations, "\n".join(violations)
    assert (buyers.failed, await stand.shop.db.pool.fetchval(INVALID)) == ([], 0)


@pytest.mark.timeout(180)
async def test_a_migration_that_does_not_give_way_has_buyers_wait_until_they_are_sent_away(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "PATIENCE", "SET LOCAL lock_timeout = 0")
    release = await released(stand)
    async with buying(stand, release.url) as buyers:
        await buyers.more(UNDER_LOAD)
        async with reading_for_long(stand) as watcher:
            migrating = asyncio.create_task(migrated(stand, []))
            await in_the_queue(watcher)
            await buyers.sent_away()
        await migrating
    print("\nplanted lock_timeout = 0:", *buyers.failed, sep="\n  ")
    await release.end()
