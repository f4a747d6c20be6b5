"""Documents in a MongoDB: one each, replaced where what is there is older.

A write says which version it may replace, and MongoDB looks at it as it writes: so two who bring the same, or one that
was paused over a newer version, do no harm. How far a collection is lies beside it and is written last.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError

from tradewind.adapters.absence import Absence
from tradewind.adapters.documents.limits import check, newest
from tradewind.ports.documents import NOWHERE, Collection, Document, DocumentsAway, Gone, Reached
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry import metrics

ANSWER_S: Final = 1.0
"""Longest wait for one answer, connecting included; then it counts as away."""
PUT_S: Final = 10.0
"""Longest wait until documents of one statement are put, or indexes are made."""
AT_ONCE: Final = 50
"""Documents of one statement."""
RETRY_S: Final = 2.0
"""Time for which nobody asks a MongoDB that is away."""
CONNECTIONS: Final = 4
"""Of one process: workers write, and staff asks seldom."""
REACHED: Final = "reached"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
IS_THERE: Final = 11_000
"""MongoDB's number for an id that is there already."""
MAX_TRIES: Final = 10


class _Write(NamedTuple):
    """What is to be there under an id, `said`, where what is there is `older`; whatever else it said goes."""

    id: str
    older: Mapping[str, Any]
    said: Mapping[str, Any]

    @classmethod
    def of(cls, one: Document | Gone) -> "_Write":
        """A version of a document."""
        said: dict[str, Any] = {"version": one.version}
        if isinstance(one, Document):
            said |= {"at": _microseconds(one.at), "keys": dict(one.keys), "body": dict(one.body)}
        return cls(str(one.id), {"version": {"$lt": one.version}}, said)

    @classmethod
    def of_place(cls, collection: Collection, upto: Reached) -> "_Write":
        """How far a collection is."""
        key = str(upto.id)
        older: Sequence[Mapping[str, Any]] = [
            {"stamp": {"$lt": upto.stamp}},
            {"stamp": upto.stamp, "id": {"$lt": key}},
        ]
        return cls(collection.name, {"$or": older}, {"stamp": upto.stamp, "id": key})

    def update(self) -> dict[str, Any]:
        """As MongoDB takes it: looked at and replaced in one."""
        return {"q": {"_id": self.id, **self.older}, "u": dict(self.said)}


class MongoDocuments:
    """The documents in `database` of the server at `url`. Close it."""

    def __init__(self, url: str, database: str, *, answer_s: float = ANSWER_S, retry_s: float = RETRY_S) -> None:
        self._client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            url, maxPoolSize=CONNECTIONS, serverSelectionTimeoutMS=int(answer_s * 1000), appname="tradewind"
        )  # fmt: skip
        self._database, self._answer_s = self._client[database], answer_s
        self._put_s = max(answer_s, PUT_S)
        self._indexed = set[str]()
        """Collections that have their indexes."""
        self._absence = Absence(metrics.documents_away, "documents are", retry_s)

    async def reached(self, collection: Collection) -> Reached:
        async with self._asking(self._answer_s):
            found = await self._database[REACHED].find_one({"_id": collection.name})
        if found is None:  # nobody was here, or somebody wiped it
            self._indexed.discard(collection.name)
            return NOWHERE
        return Reached(found["stamp"], UUID(found["id"]))

    async def put(self, collection: Collection, changes: Sequence[Document | Gone], upto: Reached) -> None:
        writes = [_Write.of(one) for one in newest(changes)]
        if collection.name not in self._indexed:
            async with self._asking(self._put_s):
                await self._make_indexes(collection)
            self._indexed.add(collection.name)
        for begin in range(0, len(writes), AT_ONCE):
            async with self._asking(self._put_s):
                await self._replace_older(collection.name, writes[begin : begin + AT_ONCE])
        failpoint("documents.before_reached")
        async with self._asking(self._put_s):
            await self._replace_older(REACHED, [_Write.of_place(collection, upto)])

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

    async def _replace_older(self, name: str, writes: Sequence["_Write"]) -> None:
        """Each where what is there is older, or nothing is. Looked at again where somebody makes the same just now."""
        wanted = {"_id": {"$in": [one.id for one in writes]}}
        for _ in range(MAX_TRIES):
            there = {row["_id"] for row in await self._database[name].find(wanted, {"_id": 1}).to_list()}
            fresh = [{"_id": one.id, **one.said} for one in writes if one.id not in there]
            if fresh and not await self._write("insert", name, documents=fresh):
                continue
            if there:
                await self._write("update", name, updates=[one.update() for one in writes if one.id in there])
            return
        raise AutoReconnect("others were quicker")

    async def _write(self, command: str, name: str, **what: Any) -> bool:
        """Whether all was done; False where an id that was to be made is there."""
        answer = await self._database.command(command, name, **what, ordered=False, writeConcern={"w": "majority"})
        codes = [one["code"] for one in answer.get("writeErrors", ())]
        if "writeConcernError" in answer or any(code != IS_THERE for code in codes):
            raise OperationFailure("documents were not written", codes[0] if codes else None)
        return not codes

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


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
