"""Migrations: each once, in order, whoever comes at the same time; what was applied is never edited."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from tradewind.runtime.database import Database
from tradewind.runtime.migrate import RUNTIME_MIGRATIONS, ChangedMigration, migrate, read

APPLIED: Final = "SELECT number, name FROM runtime.migration WHERE context = 'garden' ORDER BY number"
WAITS: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'garden.bed'::regclass"
FIRST = "CREATE TABLE garden.bed (name text PRIMARY KEY);"
SECOND = "ALTER TABLE garden.bed ADD COLUMN plant text; INSERT INTO garden.bed VALUES ('north', 'rose');"


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    """A context's migrations."""
    (tmp_path / "0001_dig.sql").write_text(FIRST)
    (tmp_path / "0002_plant.sql").write_text(SECOND)
    return tmp_path


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def run(url: str, folder: Path) -> int:
    async with connected(url) as connection:
        return await migrate(connection, [("garden", folder)])


async def test_what_is_missing_is_applied_once_and_in_order(db: Database, url: str, garden: Path) -> None:
    said: list[str] = []
    async with connected(url) as connection:
        assert await migrate(connection, [("garden", garden)], said.append) == 2
        assert await migrate(connection, [("garden", garden)], said.append) == 0
    assert said == ["garden 0001 dig", "garden 0002 plant"]
    (garden / "0003_prune.sql").write_text("DELETE FROM garden.bed")
    assert await run(url, garden) == 1
    assert [tuple(row) for row in await db.pool.fetch(APPLIED)] == [(1, "dig"), (2, "plant"), (3, "prune")]


async def test_many_may_migrate_at_once(db: Database, url: str, garden: Path) -> None:
    assert sorted(await asyncio.gather(*(run(url, garden) for _ in range(8)))) == [0] * 7 + [2]
    assert await db.pool.fetchval("SELECT count(*) FROM garden.bed") == 1


async def test_an_edited_migration_is_refused_before_anything_is_applied(db: Database, url: str, garden: Path) -> None:
    await run(url, garden)
    (garden / "0001_dig.sql").write_text(FIRST + " -- deeper")
    (garden / "0003_prune.sql").write_text("DELETE FROM garden.bed")
    with pytest.raises(ChangedMigration, match=r"garden/0001_dig\.sql"):
        await run(url, garden)
    assert await db.pool.fetchval("SELECT count(*) FROM garden.bed") == 1
    (garden / "0001_dig.sql").write_text(FIRST)
    assert await run(url, garden) == 1, "the lock was given back"


async def test_a_migration_that_fails_leaves_those_before_it_and_nothing_of_itself(
    db: Database, url: str, garden: Path
) -> None:
    (garden / "0002_plant.sql").write_text(SECOND + " SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await run(url, garden)
    assert [row["number"] for row in await db.pool.fetch(APPLIED)] == [1]
    (garden / "0002_plant.sql").write_text(SECOND)
    assert await run(url, garden) == 1


@pytest.mark.parametrize("name", ["0004_gap.sql", "3_short.sql", "0003-dash.sql"])
def test_numbers_without_gaps_and_names_of_one_form_are_asked_for(garden: Path, name: str) -> None:
    (garden / name).write_text("SELECT 1")
    with pytest.raises(AssertionError):
        read("garden", garden)


def test_the_runtimes_own_migrations_can_be_read() -> None:
    assert read("runtime", RUNTIME_MIGRATIONS)[0].number == 1


async def test_a_migration_that_has_to_wait_for_a_table_holds_nobody_else_up(
    db: Database, url: str, garden: Path
) -> None:
    later = garden / "0002_plant.sql"
    second = later.read_text()
    later.unlink()
    await run(url, garden)
    later.write_text(second)
    async with connected(url) as long, connected(url) as other:
        reading = long.transaction()
        await reading.start()
        await long.execute("SELECT FROM garden.bed")
        migrating = asyncio.create_task(run(url, garden))
        for _ in range(3_000):
            if await other.fetchval(WAITS):
                break
            await asyncio.sleep(0.01)  # Postgres tells nobody who waits in it
        await other.fetch("SELECT FROM garden.bed", timeout=30)  # waits behind the migration until that gives way
        assert not migrating.done()
        await reading.rollback()
        assert await migrating == 1
    assert await db.pool.fetchval("SELECT plant FROM garden.bed") == "rose"


INDEX: Final = """
    -- built while others write; one that broke off goes first
    DROP INDEX CONCURRENTLY IF EXISTS garden.by_plant;
    CREATE UNIQUE INDEX CONCURRENTLY by_plant ON garden.bed (plant);
"""
VALID: Final = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'garden.by_plant'::regclass"


async def test_an_index_is_built_outside_a_transaction_however_many_migrate_at_once(
    db: Database, url: str, garden: Path
) -> None:
    (garden / "0003_index.sql").write_text(INDEX)
    assert sorted(await asyncio.gather(*(run(url, garden) for _ in range(4)))) == [0] * 3 + [3]
    assert await db.pool.fetchval(VALID)


async def test_an_index_that_broke_off_is_built_anew(db: Database, url: str, garden: Path) -> None:
    await run(url, garden)
    await db.pool.execute("INSERT INTO garden.bed VALUES ('south', 'rose')")
    (garden / "0003_index.sql").write_text(INDEX)
    with pytest.raises(asyncpg.UniqueViolationError):
        await run(url, garden)
    assert not await db.pool.fetchval(VALID), "half an index is left behind"
    await db.pool.execute("UPDATE garden.bed SET plant = 'lily' WHERE name = 'south'")
    assert await run(url, garden) == 1
    assert await db.pool.fetchval(VALID)
