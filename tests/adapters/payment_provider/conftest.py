"""A real provider process and clients of it. Tests share them and keep apart by key and reference."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from copy import copy

import pytest
import pytest_asyncio

from tests.adapters.payment_provider.journals import new_journal
from tests.adapters.payment_provider.parties import NAMES, Party, party
from tests.adapters.payment_provider.provider_process import ProviderProcess
from tradewind.adapters.payment_provider.client import payment_provider
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.soap.client import soap_payment_provider
from tradewind.app.engines import Engines
from tradewind.kernel.ids import new_id
from tradewind.ports.payment_provider import PaymentProvider

EACH = [pytest.param(name, marks=pytest.mark.adapter(name, played=name != "simulated")) for name in NAMES]
"""The legacy gateway, Stripe and Adyen are played by servers of ours."""


@pytest_asyncio.fixture(scope="session")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ProviderProcess]:
    """A process that plays the provider and, below /soap, the legacy gateway; none may end it."""
    running = await ProviderProcess(tmp_path_factory.mktemp("provider")).start()
    yield running
    assert await running.stop() == 0


@pytest.fixture(scope="session", params=["json", "soap"])
def protocol(request: pytest.FixtureRequest) -> str:
    """What the provider is asked in: every adapter keeps the same promises."""
    return str(request.param)


@pytest.fixture(scope="session")
def process(both: ProviderProcess, protocol: str) -> ProviderProcess:
    """The provider that is asked in this protocol, with the books of its own."""
    found = copy(both)
    found.url += "" if protocol == "json" else "/soap"
    return found


def client_of(
    process: ProviderProcess, protocol: str, timeout_s: float
) -> AbstractAsyncContextManager[PaymentProvider]:
    """The adapter that speaks this protocol."""
    if protocol == "json":
        return payment_provider(process.url, timeout_s=timeout_s)
    return soap_payment_provider(f"{process.url}/payment", timeout_s=timeout_s)


@pytest_asyncio.fixture(scope="session")
async def provider(process: ProviderProcess, protocol: str) -> AsyncIterator[PaymentProvider]:
    """A client with all the time in the world."""
    async with client_of(process, protocol, 60) as client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def hasty(process: ProviderProcess, protocol: str) -> AsyncIterator[PaymentProvider]:
    """A client that gives up soon."""
    async with client_of(process, protocol, 0.2) as client:
        yield client


@pytest.fixture
def order() -> str:
    """An order id that nobody else uses."""
    return str(new_id())


@pytest_asyncio.fixture(scope="session")
async def journal(shared_engines: Engines) -> AsyncIterator[Journal]:
    """A journal in a database of its own."""
    async with new_journal(shared_engines) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", params=EACH)
async def each(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, journal: Journal
) -> AsyncIterator[Party]:
    """Each provider in turn; every test may use it and none may end it."""
    async with party(request.param, tmp_path_factory.mktemp(request.param), journal) as running:
        yield running
