"""Numbered SQL files, one stream a context, applied once, in order, each in its own transaction.

A file that says CONCURRENTLY is applied statement by statement, outside a transaction: so an index of a large table is
built while others write. Whoever dies in the middle begins the file again: it must drop first what it makes.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg

from tradewind.runtime.saga.settling import backoff_s

LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('tradewind.migrate'))"
"""Asked for again and again: who waits for it inside a statement holds a snapshot, which an index that is being built
concurrently waits for."""
LOCK_POLL_S: Final = 0.05
UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext('tradewind.migrate'))"
LEDGER: Final = """
    CREATE SCHEMA IF NOT EXISTS runtime;
    CREATE TABLE IF NOT EXISTS runtime.migration (
        context text, number int, name text NOT NULL, checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (context, number));
"""
APPLIED: Final = "SELECT context, number, checksum FROM runtime.migration"
RECORD: Final = "INSERT INTO runtime.migration (context, number, name, checksum) VALUES ($1, $2, $3, $4)"
PATIENCE: Final = "SET LOCAL lock_timeout = '500ms'"
"""The longest time for which a migration may hold up those who come after it in the queue for a table."""
MAX_ATTEMPTS: Final = 30
CONCURRENTLY: Final = re.compile(r"^\s*(CREATE|DROP) (UNIQUE )?INDEX CONCURRENTLY", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
RUNTIME_MIGRATIONS = Path(__file__).parent / "migrations"


class ChangedMigration(Exception):  # noqa: N818 -- names what happened
    """A migration that has been applied was edited afterwards; add a new one instead."""


class Migration(NamedTuple):
    """One numbered file of one context."""

    context: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Tells an edited file from the applied one."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read(context: str, folder: Path) -> list[Migration]:
    """The context's migrations in order; their numbers start at 1 and have no gap."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        assert match, f"{path.name}: a migration is named 0001_what_it_does.sql"
        found.append(Migration(context, int(match[1]), match[2], path.read_text()))
    assert [one.number for one in found] == list(range(1, len(found) + 1)), f"{context}: migration numbers have a gap"
    return found


async def migrate(
    connection: Any, streams: Iterable[tuple[str, Path]], report: Callable[[str], None] = lambda _: None
) -> int:
    """Apply what is missing, runtime first; returns how many. Safe to call from several processes at once.

    Raises ChangedMigration where an applied file differs from what was applied.
    """
    while not await connection.fetchval(LOCK):  # noqa: ASYNC110 -- another process holds it
        await asyncio.sleep(LOCK_POLL_S)
    try:
        await connection.execute(LEDGER)
        applied = {(row["context"], row["number"]): row["checksum"] for row in await connection.fetch(APPLIED)}
        wanted = [
            one for context, folder in (("runtime", RUNTIME_MIGRATIONS), *streams) for one in read(context, folder)
        ]
        fresh = [one for one in wanted if not _is_applied(one, applied)]
        for migration in fresh:
            await _apply(connection, migration)
            report(f"{migration.context} {migration.number:04} {migration.name}")
        return len(fresh)
    finally:
        await connection.execute(UNLOCK)


def _is_applied(migration: Migration, applied: dict[tuple[str, int], str]) -> bool:
    checksum = applied.get((migration.context, migration.number))
    if checksum not in (None, migration.checksum):
        raise ChangedMigration(
            f"{migration.context}/{migration.number:04}_{migration.name}.sql was edited after it was applied"
        )
    return checksum is not None


async def _apply(connection: Any, migration: Migration) -> None:
    if CONCURRENTLY.search(migration.sql):
        for statement in filter(str.strip, _COMMENT.sub("", migration.sql).split(";")):
            await connection.execute(statement)
        await connection.execute(RECORD, migration.context, migration.number, migration.name, migration.checksum)
    else:
        await _insist(connection, migration)


async def _insist(connection: Any, migration: Migration) -> None:
    """Who waits for a table has everybody wait who comes after: so a migration waits briefly, and comes again."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            return await _apply_once(connection, migration)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if attempt == MAX_ATTEMPTS:
                raise
            await asyncio.sleep(backoff_s(attempt))
    return None


async def _apply_once(connection: Any, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(PATIENCE)
        assert migration.context.isidentifier()
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{migration.context}"')
        await connection.execute(migration.sql)
        await connection.execute(RECORD, migration.context, migration.number, migration.name, migration.checksum)
