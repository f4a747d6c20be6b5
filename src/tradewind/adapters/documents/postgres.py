"""Documents as jsonb in the shop's own Postgres: what is put and how far it came are one transaction."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from tradewind.adapters.absence import Absence
from tradewind.adapters.documents.limits import check, newest
from tradewind.ports.documents import NOWHERE, Collection, Document, DocumentsAway, Gone, Reached
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry import metrics

MIGRATIONS: Final = Path(__file__).parent / "migrations"
ANSWER_S: Final = 5.0
"""Longest wait for a connection, or for one answer; then they count as away."""
PUT: Final = """
    INSERT INTO documents.document AS d (collection, id, version, at, keys, body)
    SELECT $1, p.id, p.version, p.at, p.keys::jsonb, p.body::jsonb
    FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[]) AS p (id, version, at, keys, body)
    ON CONFLICT (collection, id) DO UPDATE
    SET version = excluded.version, at = excluded.at, keys = excluded.keys, body = excluded.body
    WHERE d.version < excluded.version
"""
REACH: Final = """
    INSERT INTO documents.reached AS r (collection, stamp, id) VALUES ($1, $2, $3)
    ON CONFLICT (collection) DO UPDATE SET stamp = excluded.stamp, id = excluded.id
    WHERE (r.stamp, r.id) < (excluded.stamp, excluded.id)
"""
REACHED: Final = "SELECT stamp, id FROM documents.reached WHERE collection = $1"
FIND: Final = """
    SELECT id, version, at, keys::text AS keys, body::text AS body FROM documents.document
    WHERE collection = $1 AND at IS NOT NULL AND keys @> $2::text::jsonb AND (at, id) < ($3, $4)
    ORDER BY at DESC, id DESC LIMIT $5
"""
NEWEST: Final = """
    SELECT id, version, at, keys::text AS keys, body::text AS body FROM documents.document
    WHERE collection = $1 AND at IS NOT NULL AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4
"""
AWAY: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class PostgresDocuments:
    """The documents in the database of `pool`, whose owner closes it."""

    def __init__(self, pool: Any, *, answer_s: float = ANSWER_S) -> None:
        self._pool, self._answer_s = pool, answer_s
        self._absence = Absence(metrics.documents_away, "documents are", retry_s=0.0)

    async def reached(self, collection: Collection) -> Reached:
        async with self._connection() as connection:
            row = await connection.fetchrow(REACHED, collection.name)
        return Reached(*row) if row else NOWHERE

    async def put(self, collection: Collection, changes: Sequence[Document | Gone], upto: Reached) -> None:
        rows = [_row(one) for one in newest(changes)]
        async with self._connection() as connection, connection.transaction():
            if rows:
                await connection.execute(PUT, collection.name, *map(list, zip(*rows, strict=True)))
            failpoint("documents.before_reached")
            await connection.execute(REACH, collection.name, *upto)

    async def find(
        self, collection: Collection, words: Mapping[str, str], before: tuple[datetime, UUID], many: int
    ) -> Sequence[Document]:
        check(collection, words, many)
        async with self._connection() as connection:
            if words:
                rows = await connection.fetch(FIND, collection.name, _json(words), *before, many)
            else:
                rows = await connection.fetch(NEWEST, collection.name, *before, many)
        return [
            Document(
                id=row["id"],
                version=row["version"],
                at=row["at"],
                keys=msgspec.json.decode(row["keys"]),
                body=msgspec.json.decode(row["body"]),
            )
            for row in rows
        ]

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        try:
            async with asyncio.timeout(self._answer_s), self._pool.acquire() as connection:
                yield connection
        except AWAY as error:
            self._absence.lost(error)
            raise DocumentsAway from error
        self._absence.found()


def _row(one: Document | Gone) -> tuple[Any, ...]:
    if isinstance(one, Gone):
        return one.id, one.version, None, None, None
    return one.id, one.version, one.at, _json(one.keys), _json(one.body)


def _json(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
