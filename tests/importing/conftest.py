"""A second shop for tests that compare two."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.shops import _database
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, migrate_shop, open_shop


@pytest_asyncio.fixture
async def other_shop(settings: Settings, shared_engines: Engines) -> AsyncIterator[Shop]:
    """A shop with a database of its own, beside `shop`."""
    async with _database(shared_engines) as found:
        await migrate_shop(found.database_url)
        async with open_shop(settings, found, connections=8) as opened:
            yield opened
