"""Journals for tests, each in a database of its own: whoever shares one also sweeps what the others left open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tradewind.adapters.payment_provider.journaled.journal import MIGRATIONS, Journal
from tradewind.app.engines import Engines
from tradewind.kernel.ids import new_id
from tradewind.runtime.migrate import migrate


@asynccontextmanager
async def new_journal(engines: Engines) -> AsyncIterator[Journal]:
    """An empty journal, for as long as the context."""
    name = f"journal_{new_id().hex}"
    admin = await asyncpg.connect(engines.database_url)
    await admin.execute(f'CREATE DATABASE "{name}"')
    url = urlunsplit(urlsplit(engines.database_url)._replace(path=f"/{name}"))
    connection = await asyncpg.connect(url)
    await migrate(connection, [("payment_provider", MIGRATIONS)])
    await connection.close()
    async with Journal.open(url) as opened:
        yield opened
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()
