"""A shop and payments with a database of its own, put together by their settings as `tradewind serve` does.

gRPC goes between them; no Kafka does, so neither hears what the other tells.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.builders import a_product, ended
from tests.shops import Shop, _database, open_shop, working
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.placement import at_home, installed, manifests
from tradewind.app.remote import answering_remotely
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop
from tradewind.contexts.orders._domain.view import OrderView

HOST: Final = "127.0.0.1"


@dataclass
class Apart:
    """Two processes of one shop. `settings`: as a command is told them that looks into both databases."""

    shop: Shop
    payments: Shop
    provider: ProviderProcess
    settings: Settings

    async def ended(self, method: str = "approve", **how: Any) -> OrderView:
        """An order that was carried to its end."""
        return await ended(self.shop, method, **how)


@asynccontextmanager
async def where_payments_goes(shared_engines: Engines, folder: Path) -> AsyncIterator[tuple[Engines, ProviderProcess]]:
    """An empty database for it, and the provider that it asks for money."""
    async with _database(shared_engines) as theirs:
        provider = await ProviderProcess(folder).start()
        try:
            yield theirs, provider
        finally:
            await provider.stop()


@asynccontextmanager
async def put_apart(
    settings: Settings, own: Engines, theirs: Engines, provider: ProviderProcess
) -> AsyncIterator[Apart]:
    """Both at work on these databases, and payments asked by its address."""
    port = free_port(HOST)
    placed = replace(
        settings,
        database_url=own.database_url,
        kafka_servers=f"{HOST}:9",
        payments_url=f"grpc://{HOST}:{port}",
        payments_database_url=theirs.database_url,
    )
    alone = at_home(replace(placed, contexts=("payments",), grpc_port=port))
    await migrate_shop(theirs.database_url, manifests(installed(alone)))
    async with AsyncExitStack() as stack:
        provided = replace(theirs, provider_url=provider.url)
        payments = await stack.enter_async_context(open_shop(alone, provided, connections=8))
        shop = await stack.enter_async_context(open_shop(placed, own, connections=8))
        for one in (payments, shop):  # by its own log alone: there is no Kafka
            await stack.enter_async_context(working(replace(one, settings=settings)))
        await stack.enter_async_context(answering_remotely(payments))
        yield Apart(shop, payments, provider, placed)


@pytest_asyncio.fixture
async def two_databases(
    settings: Settings, own_engines: Engines, shared_engines: Engines, tmp_path: Path
) -> AsyncIterator[Apart]:
    """A shop that sells books, and its payments."""
    async with AsyncExitStack() as stack:
        theirs, provider = await stack.enter_async_context(where_payments_goes(shared_engines, tmp_path))
        apart = await stack.enter_async_context(put_apart(settings, own_engines, theirs, provider))
        await a_product(apart.shop, "BOOK")
        yield apart
