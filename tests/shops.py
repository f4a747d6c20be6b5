"""What tests stand on: real engines, a migrated database of their own, the whole shop around it. No fakes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from tests.evidence import evidence
from tradewind.app.engines import Engines, engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, migrate_shop, open_shop
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.database import Database
from tradewind.runtime.telemetry import logs

__all__ = ["Shop", "a_call", "an_actor", "open_shop", "until", "working"]

ENGINES_HOME = "tradewind-engines"


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a shop whose engines all test workers of this run share."""
    logs.configure("ERROR")
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if base.name.startswith("popen-") else base) / ENGINES_HOME
    return replace(Settings.from_environment(), home=Path(home), port=0, provider_timeout_s=0.5, rate_limits=False)


@pytest_asyncio.fixture(scope="session")
async def shared_engines(settings: Settings) -> AsyncIterator[Engines]:
    """Postgres and the simulated payment provider, real ones."""
    async with engines(settings) as found:
        yield found


@pytest_asyncio.fixture(scope="session")
async def template(shared_engines: Engines) -> AsyncIterator[Engines]:
    """A migrated database that is only copied."""
    async with _database(shared_engines) as found:
        await migrate_shop(found.database_url)
        yield found


@asynccontextmanager
async def _database(found: Engines, template: str | None = None) -> AsyncIterator[Engines]:
    name = f"test_{new_id().hex}"
    admin: Any = await asyncpg.connect(found.database_url)
    try:
        await admin.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        parts = urlsplit(found.database_url)
        yield replace(found, database_url=urlunsplit(parts._replace(path=f"/{name}")))
    finally:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.close()


@pytest_asyncio.fixture
async def own_engines(template: Engines) -> AsyncIterator[Engines]:
    """The shared servers with a migrated database that only this test uses."""
    async with _database(template, urlsplit(template.database_url).path[1:]) as found:
        yield found


@pytest_asyncio.fixture
async def other_engines(shared_engines: Engines) -> AsyncIterator[Engines]:
    """The same servers with one more migrated database, for a shop beside the test's own."""
    async with _database(shared_engines) as found:
        await migrate_shop(found.database_url)
        yield found


@pytest_asyncio.fixture
async def shop(settings: Settings, own_engines: Engines) -> AsyncIterator[Shop]:
    """A shop that answers commands but does no work by itself."""
    async with open_shop(settings, own_engines, connections=8) as opened:
        yield opened


@pytest_asyncio.fixture
async def working_shop(shop: Shop) -> AsyncIterator[Shop]:
    """A shop whose sagas, events and timers are carried."""
    async with working(shop):
        yield shop


@asynccontextmanager
async def working(shop: Shop) -> AsyncIterator[None]:
    """Carry `shop`'s sagas, events and timers meanwhile."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        task = asyncio.create_task(shop.work(stop))
        stack.push_async_callback(asyncio.wait, [task])
        stack.callback(stop.set)
        yield


@pytest_asyncio.fixture
async def database(shop: Shop) -> Database:
    """The test's own database."""
    return shop.db


def an_actor(*roles: str, subject: str | None = None) -> Actor:
    """Somebody with `roles`, and with every scope that comes with them."""
    return Actor(subject=subject or f"user-{new_id()}", roles=frozenset(roles or {"customer"}))


def a_call(*roles: str, subject: str | None = None, key: str | None = None, wait_s: float = 0.0) -> Call:
    """A call by somebody with `roles` (a customer where none is named)."""
    return Call(
        actor=an_actor(*roles, subject=subject),
        correlation_id=str(new_id()),
        trace_id=new_id().hex,
        route="test",
        idempotency_key=key,
        wait_s=wait_s,
    )


async def until(shop: Shop, look: Callable[[], Any], *, within_s: float = 120.0) -> Any:
    """Look at each ring of the bell until there is something to see; fails after `within_s`, telling who holds what."""
    try:
        async with asyncio.timeout(within_s):
            while not (seen := await look()):
                await shop.bell.rung(0.1)
    except TimeoutError as late:
        late.add_note("\n".join(await evidence(shop.db.pool)))
        raise
    return seen
