"""A database that is made for a measurement and dropped after it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tradewind.app.engines import Engines
from tradewind.kernel.ids import new_id

CREATE: Final = "SELECT format('CREATE DATABASE %I', $1::text)"
DROP: Final = "SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', $1::text)"


@asynccontextmanager
async def own_database(found: Engines) -> AsyncIterator[Engines]:
    """The same engines with an empty database of one's own; whatever is in it is gone afterwards."""
    name = f"bench_{new_id().hex}"
    admin: Any = await asyncpg.connect(found.database_url)
    try:
        await admin.execute(await admin.fetchval(CREATE, name))
        parts = urlsplit(found.database_url)
        yield replace(found, database_url=urlunsplit(parts._replace(path=f"/{name}")))
    finally:
        await admin.execute(await admin.fetchval(DROP, name))
        await admin.close()
