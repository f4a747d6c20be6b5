"""A real provider process and clients of it. Tests share them and keep apart by key and reference."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.parties import NAMES, Party, party
from tests.adapters.payment_provider.provider_process import ProviderProcess
from tradewind.adapters.payment_provider.client import HttpPaymentProvider, payment_provider
from tradewind.adapters.payment_provider.journaled.journal import MIGRATIONS, Journal
from tradewind.app.engines import Engines
from tradewind.kernel.ids import new_id
from tradewind.runtime.migrate import migrate


@pytest_asyncio.fixture(scope="session")
async def process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ProviderProcess]:
    """A provider that every test may use and none may end."""
    running = await ProviderProcess(tmp_path_factory.mktemp("provider")).start()
    yield running
    assert await running.stop() == 0


@pytest_asyncio.fixture(scope="session")
async def provider(process: ProviderProcess) -> AsyncIterator[HttpPaymentProvider]:
    """A client with all the time in the world."""
    async with payment_provider(process.url, timeout_s=60) as client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def hasty(process: ProviderProcess) -> AsyncIterator[HttpPaymentProvider]:
    """A client that gives up soon."""
    async with payment_provider(process.url, timeout_s=0.2) as client:
        yield client


@pytest.fixture
def order() -> str:
    """An order id that nobody else uses."""
    return str(new_id())


@pytest_asyncio.fixture(scope="session")
async def journal(shared_engines: Engines) -> AsyncIterator[Journal]:
    """A journal in a database of its own."""
    name = f"journal_{new_id().hex}"
    admin = await asyncpg.connect(shared_engines.database_url)
    await admin.execute(f'CREATE DATABASE "{name}"')
    url = urlunsplit(urlsplit(shared_engines.database_url)._replace(path=f"/{name}"))
    connection = await asyncpg.connect(url)
    await migrate(connection, [("payment_provider", MIGRATIONS)])
    await connection.close()
    async with Journal.open(url) as opened:
        yield opened
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest_asyncio.fixture(scope="session", params=NAMES)
async def each(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, journal: Journal
) -> AsyncIterator[Party]:
    """Each provider in turn; every test may use it and none may end it."""
    async with party(request.param, tmp_path_factory.mktemp(request.param), journal) as running:
        yield running
