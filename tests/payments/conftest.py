"""Two providers that may fail one by one: the legacy gateway in a process of its own, and the one over REST."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.shops import open_shop
from tradewind.adapters.payment_provider.client import payment_provider
from tradewind.adapters.payment_provider.soap.client import soap_payment_provider
from tradewind.adapters.payment_provider.wire import Entry
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop
from tradewind.contexts.payments._fallback.breaker import Breaker
from tradewind.contexts.payments._fallback.provider import FallbackProvider
from tradewind.contexts.payments._fallback.routes import StoredRoutes
from tradewind.kernel.ids import new_id


@dataclass
class Pair:
    """The gateway's process, its books, and the provider over REST."""

    gateway: ProviderProcess
    rest: ProviderProcess

    @property
    def soap_url(self) -> str:
        """Where the gateway answers."""
        return f"{self.gateway.url}/soap/payment"

    @property
    def books(self) -> ProviderProcess:
        """The gateway as its books and faults are reached."""
        found = copy(self.gateway)
        found.url += "/soap"
        return found

    async def ledgers(self, order: str) -> tuple[list[Entry], list[Entry]]:
        """What the gateway and REST have about an order."""
        return await self.books.ledger(order), await self.rest.ledger(order)

    async def operations(self, order: str) -> tuple[list[str], list[str]]:
        """The same, by the names of what was done."""
        soap, rest = await self.ledgers(order)
        return [line.operation for line in soap], [line.operation for line in rest]


@pytest_asyncio.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    """Both, running, for this test alone."""
    folders = tmp_path / "gateway", tmp_path / "rest"
    for folder in folders:
        folder.mkdir()
    both = [await ProviderProcess(folder).start() for folder in folders]
    yield Pair(*both)
    for one in both:
        await one.stop()


@dataclass
class Till:
    """The provider under test, and its circuit."""

    provider: FallbackProvider
    breaker: Breaker
    shop: Shop


@asynccontextmanager
async def a_till(pair: Pair, shop: Shop, *, chance: float = 1.0, timeout_s: float = 5.0) -> AsyncIterator[Till]:
    """A provider over both, whose pauses are the longest (`chance` 1) or the shortest (0)."""
    async with AsyncExitStack() as stack:
        soap = await stack.enter_async_context(soap_payment_provider(pair.soap_url, timeout_s=timeout_s))
        rest = await stack.enter_async_context(payment_provider(pair.rest.url, timeout_s=timeout_s))
        breaker = Breaker()
        routes = StoredRoutes(shop.db)
        yield Till(FallbackProvider(soap, rest, routes, breaker=breaker, chance=lambda: chance), breaker, shop)


@pytest_asyncio.fixture
async def till(pair: Pair, shop: Shop) -> AsyncIterator[Till]:
    """A provider whose pauses are the longest."""
    async with a_till(pair, shop) as found:
        yield found


@pytest_asyncio.fixture
async def soap_shop(pair: Pair, settings: Settings, own_engines: Engines) -> AsyncIterator[Shop]:
    """A shop that takes payments to the gateway first."""
    chosen = replace(settings, payment_provider="soap", soap_url=pair.soap_url, provider_timeout_s=0.5)
    async with open_shop(chosen, replace(own_engines, provider_url=pair.rest.url), connections=8) as opened:
        yield opened


@pytest.fixture
def order() -> str:
    """An order id."""
    return str(new_id())
