"""Documents in a MongoDB: one each, replaced where what is there is older.

A write says which version it may replace, and MongoDB looks at it as it writes: so two who bring the same, or one that
was paused over a newer version, do no harm. How far a collection is lies beside it and is written last.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tradewind.adapters.absence import Absence
from tradewind.adapters.documents.limits import check, newest
from tradewind.ports.documents import NOWHERE, Collection, Document, DocumentsAway, Gone, Reached
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry import metrics

ANSWER_S: Final = 1.0
"""Longest wait for one answer, connecting included; then it counts as away."""
PUT_S: Final = 10.0
"""Longest wait until many documents are put, or indexes are made."""
RETRY_S: Final = 2.0
"""Time for which nobody asks a MongoDB that is away."""
CONNECTIONS: Final = 4
"""Of one process: workers write, and staff asks seldom."""
REACHED: Final = "reached"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
IS_THERE: Final = 11_000
"""MongoDB's number for an id that is there already."""
NO_VERSION: Final = 0
"""Of an empty document that was just made; all that are put have greater ones."""
MAX_TRIES: Final = 3
Older: TypeAlias = dict[str, Any]
Change: TypeAlias = dict[str, Any]


class MongoDocuments:
    """The documents in `database` of the server at `url`. Close it."""

    def __init__(self, url: str, database: str, *, answer_s: float = ANSWER_S, retry_s: float = RETRY_S) -> None:
        self._client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            url, maxPoolSize=CONNECTIONS, serverSelectionTimeoutMS=int(answer_s * 1000), appname="tradewind"
        )  # fmt: skip
        self._database, self._answer_s = self._client[database], answer_s
        self._put_s = max(answer_s, PUT_S)
        self._absence = Absence(metrics.documents_away, "documents are", retry_s)

    async def reached(self, collection: Collection) -> Reached:
        async with self._asking(self._answer_s):
            found = await self._database[REACHED].find_one({"_id": collection.name})
        if found is not None and "stamp" in found:
            return Reached(found["stamp"], UUID(found["id"]))
        async with self._asking(self._put_s):  # nobody was here, or somebody wiped it
            await self._make_indexes(collection)
        return NOWHERE

    async def put(self, collection: Collection, changes: Sequence[Document | Gone], upto: Reached) -> None:
        writes = [_written(one) for one in newest(changes)]
        async with self._asking(self._put_s):
            await self._replace_older(collection.name, writes)
            failpoint("documents.before_reached")
            place = {"stamp": upto.stamp, "id": str(upto.id)}
            earlier = {"stamp": upto.stamp, "id": {"$lt": place["id"]}}
            behind = {"$or": [{"version": NO_VERSION}, {"stamp": {"$lt": upto.stamp}}, earlier]}
            change = {"$set": place, "$unset": {"version": ""}}
            await self._replace_older(REACHED, [(collection.name, behind, change)])

    async def find(
        self, collection: Collection, words: Mapping[str, str], before: tuple[datetime, UUID], many: int
    ) -> Sequence[Document]:
        check(collection, words, many)
        at, key = _microseconds(before[0]), str(before[1])
        wanted = {f"keys.{name}": word for name, word in words.items()}
        behind = {"$or": [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": key}}]}
        async with self._asking(self._answer_s):
            cursor = self._database[collection.name].find(wanted | behind)
            rows = await cursor.sort([("at", DESCENDING), ("_id", DESCENDING)]).limit(many).to_list() if many else []
        return [
            Document(
                id=UUID(row["_id"]), version=row["version"], at=EPOCH + row["at"] * MICROSECOND, keys=row["keys"],
                body=row["body"],
            )
            for row in rows
        ]  # fmt: skip

    async def close(self) -> None:
        """Give the connections up."""
        await self._client.close()

    async def _replace_older(self, name: str, writes: Sequence[tuple[str, Older, Change]]) -> None:
        """Each where what is there is older. First an empty one is made where there is none, to have one to look at."""
        if not writes:
            return
        empty = {"$setOnInsert": {"version": NO_VERSION}}
        for _ in range(MAX_TRIES):
            made = await self._update(name, [{"q": {"_id": one}, "u": empty, "upsert": True} for one, _, _ in writes])
            if made:
                break
        await self._update(name, [{"q": {"_id": one} | older, "u": change} for one, older, change in writes])

    async def _update(self, name: str, updates: Sequence[Mapping[str, Any]]) -> bool:
        """Whether all was done; False where somebody made the same ids at the same moment."""
        answer = await self._database.command(
            "update", name, updates=updates, ordered=False, writeConcern={"w": "majority"}
        )
        found = [one["code"] for one in answer.get("writeErrors", ())]
        if any(code != IS_THERE for code in found) or "writeConcernError" in answer:
            raise OperationFailure("documents were not written", found[0] if found else None, answer)
        return not found

    async def _make_indexes(self, collection: Collection) -> None:
        """By time, and by each key and time. Does nothing where they are there."""
        for key in (None, *collection.keys):
            fields = [(f"keys.{key}", ASCENDING)] if key else []
            fields += [("at", DESCENDING), ("_id", DESCENDING)]
            await self._database[collection.name].create_index(fields, name=key or "newest")

    @asynccontextmanager
    async def _asking(self, within_s: float) -> AsyncIterator[None]:
        if self._absence.is_left_alone:
            raise DocumentsAway
        try:
            async with asyncio.timeout(within_s):
                yield
        except (PyMongoError, OSError, TimeoutError) as error:
            self._absence.lost(error)
            raise DocumentsAway from error
        self._absence.found()


def _written(one: Document | Gone) -> tuple[str, Older, Change]:
    """Its id, what it may replace, and by what."""
    older = {"version": {"$lt": one.version}}
    if isinstance(one, Gone):
        return str(one.id), older, {"$set": {"version": one.version}, "$unset": {"at": "", "keys": "", "body": ""}}
    at = _microseconds(one.at)
    said = {"version": one.version, "at": at, "keys": dict(one.keys), "body": dict(one.body)}
    return str(one.id), older, {"$set": said}


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
