"""Keepers of documents on every engine: the test's own database, and the MongoDB that the environment names."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from tests.adapters.order_lists.conftest import Wire
from tests.engines import address
from tests.shops import Shop
from tradewind.adapters.documents.postgres import PostgresDocuments
from tradewind.app.free_ports import free_port
from tradewind.kernel.ids import new_id
from tradewind.ports.documents import Documents

ANSWER_S = 300.0
"""On a machine that others use as well."""
SOON_S = 0.5
"""For who is to be given up."""
FERRETDB = "ferretdbVersion"
LOCK = "LOCK TABLE documents.document, documents.reached IN ACCESS EXCLUSIVE MODE"


class Keeper(Protocol):
    """An engine with documents of the test's own."""

    documents: Documents

    async def away(self) -> Documents:
        """Documents on an engine of this kind that is not there."""
        ...

    def hanging(self) -> Any:
        """Documents on an engine that takes every question and answers none, while the context is open."""
        ...

    async def dropped(self) -> None:
        """Somebody wiped it."""
        ...

    async def together(self, *puts: Coroutine[Any, Any, None]) -> None:
        """Have them put at the same moment."""
        ...


class InPostgres:
    """The test's own database."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.documents: Documents = PostgresDocuments(shop.db.pool, answer_s=ANSWER_S)

    async def away(self) -> Documents:
        pool = await asyncpg.create_pool(self._shop.engines.database_url, min_size=1, max_size=1)
        await pool.close()
        return PostgresDocuments(pool)

    @asynccontextmanager
    async def hanging(self) -> AsyncIterator[Documents]:
        connection: Any = await asyncpg.connect(self._shop.engines.database_url)
        try:
            async with connection.transaction():
                await connection.execute(LOCK)
                yield PostgresDocuments(self._shop.db.pool, answer_s=SOON_S)
        finally:
            await connection.close()

    async def dropped(self) -> None:
        await self._shop.db.pool.execute("TRUNCATE documents.document, documents.reached")

    async def together(self, *puts: Coroutine[Any, Any, None]) -> None:
        await asyncio.gather(*puts)


class InMongo:
    """A database of the test's own."""

    def __init__(self, url: str) -> None:
        self._module = importlib.import_module("tradewind.adapters.documents.mongodb")
        self.url, self.name = url, f"test_{new_id().hex}"
        self._open: list[Any] = []
        self.documents: Documents = self.at(url)

    def at(self, url: str, *, answer_s: float = ANSWER_S) -> Any:
        """The same documents by this address."""
        self._open.append(self._module.MongoDocuments(url, self.name, answer_s=answer_s, retry_s=0.0))
        return self._open[-1]

    async def away(self) -> Documents:
        found: Documents = self.at(f"mongodb://127.0.0.1:{free_port('127.0.0.1')}", answer_s=SOON_S)
        return found

    @asynccontextmanager
    async def hanging(self) -> AsyncIterator[Documents]:
        wire = Wire(urlsplit(self.url).netloc)
        await wire.mend()
        slow = self.at(f"mongodb://127.0.0.1:{wire.port}/?directConnection=true", answer_s=SOON_S)
        wire.hang()
        try:
            yield slow
        finally:
            await slow.close()
            wire.flow()
            await wire.cut()

    async def dropped(self) -> None:
        await self._open[0]._client.drop_database(self.name)

    async def together(self, *puts: Coroutine[Any, Any, None]) -> None:
        """One after the other where FerretDB stands for MongoDB: it forgets what it looked at before it writes."""
        if FERRETDB not in await self._open[0]._client.server_info():
            await asyncio.gather(*puts)
            return
        for one in puts:
            await one

    async def close(self) -> None:
        await self.dropped()
        await asyncio.gather(*(one.close() for one in self._open))


@pytest_asyncio.fixture
async def mongodb() -> AsyncIterator[InMongo]:
    found = InMongo(address("MONGODB_URL"))
    yield found
    await found.close()


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=pytest.mark.adapter("jsonb")),
        pytest.param("mongodb", marks=pytest.mark.engine("mongodb")),
    ]
)
def keeper(request: pytest.FixtureRequest) -> Keeper:
    if request.param == "postgres":
        return InPostgres(request.getfixturevalue("shop"))
    found: Keeper = request.getfixturevalue("mongodb")
    return found


@pytest.fixture
def documents(keeper: Keeper) -> Documents:
    return keeper.documents
