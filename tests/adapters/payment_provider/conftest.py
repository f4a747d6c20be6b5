"""A real provider process and clients of it. Tests share them and keep apart by key and reference."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tradewind.adapters.payment_provider.client import HttpPaymentProvider, payment_provider
from tradewind.kernel.ids import new_id


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
