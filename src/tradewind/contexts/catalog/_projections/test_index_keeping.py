"""The index is told what rows show: again after a death in between, later where it is away, never in a transaction."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.contexts.catalog._projections.index_keeping import LOCK, keep_index, tell_index
from tradewind.contexts.catalog.search_products.query import SearchProducts
from tradewind.kernel.errors import Unavailable
from tradewind.runtime import failpoints
from tradewind.runtime.leading import LEAD
from tradewind.runtime.telemetry import metrics

HOST: Final = "127.0.0.1"
WAITING: Final = "SELECT count(*) FROM catalog.to_index"
IDLE_SINCE: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
      AND xact_start < $1
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    """No failpoint outlives a test."""
    yield
    failpoints.arm({})


async def finds(shop: Shop, count: int) -> None:
    async def look() -> bool:
        try:
            return bool((await shop.dispatch(SearchProducts(), a_call("anonymous"))).total == count)
        except Unavailable:
            return False

    await until(shop, look)


async def waiting(shop: Shop, count: int) -> None:
    async def look() -> bool:
        return bool(await shop.db.pool.fetchval(WAITING) == count)

    await until(shop, look)


@asynccontextmanager
async def a_silent_engine() -> AsyncIterator[tuple[str, asyncio.Queue[asyncio.Event]]]:
    """Takes what it is asked and says nothing. Its address; for each time that it is told of products, who hung up."""
    told, connections = asyncio.Queue[asyncio.Event](), set[asyncio.StreamWriter]()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        hung_up = asyncio.Event()
        while line := await reader.readline():
            if line.startswith(b"POST") and b"_bulk" in line:
                told.put_nowait(hung_up)
        hung_up.set()

    server = await asyncio.start_server(take, HOST, 0)
    try:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}", told
    finally:
        server.close()
        for one in connections:
            one.close()


async def all_ended(shop: Shop) -> None:
    """Every transaction that is idle now has ended."""
    moment = await shop.db.pool.fetchval("SELECT clock_timestamp()")

    async def have_ended() -> bool:
        return bool(await shop.db.pool.fetchval(IDLE_SINCE, moment) == 0)

    await until(shop, have_ended)


async def test_what_the_index_was_told_by_one_that_died_before_noting_it_is_told_again(shop: Shop) -> None:
    async with working(shop):
        await finds(shop, 0)
        failpoints.arm({"catalog.before_told": "raise@1"})
        await a_product(shop, "LAMP")
        await waiting(shop, 0)
        await finds(shop, 1)


async def test_while_the_index_is_asked_no_transaction_is_open_and_what_it_was_not_told_waits(shop: Shop) -> None:
    async with a_silent_engine() as (url, told):
        silent = replace(shop.settings, opensearch_url=url)
        async with open_shop(silent, shop.engines, connections=8) as deaf, working(deaf):
            await a_product(deaf, "LAMP")
            async with asyncio.timeout(120):
                hung_up = await told.get()
                await all_ended(shop)
                while hung_up.is_set():  # the machine was slower than the patience of who asks: once more
                    hung_up = await told.get()
                    await all_ended(shop)
            await waiting(deaf, 1)

            async def is_said() -> bool:
                return bool(metrics.search_index_waiting._value.get() >= 1)

            await until(deaf, is_said)
    async with working(shop):
        await waiting(shop, 0)
        await finds(shop, 1)


async def test_who_has_not_the_lock_leaves_the_index_alone(shop: Shop) -> None:
    async with working(shop):
        await finds(shop, 0)
    await shop.db.pool.execute("INSERT INTO catalog.to_index (product_id) SELECT gen_random_uuid()")
    other: Any
    async with shop.db.pool.acquire() as other:
        assert await other.fetchval(LEAD, LOCK)
        assert (await tell_index(shop.db), await keep_index(shop.db)) == (0, 0)
        assert await shop.db.pool.fetchval(WAITING) == 1
        await other.fetchval("SELECT pg_advisory_unlock_all()")
    await tell_index(shop.db)
    assert await shop.db.pool.fetchval(WAITING) == 0
