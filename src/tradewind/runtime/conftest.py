"""A database with counters in it, a bell, and switches for planted bugs and failpoints."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from tests import counters
from tradewind.contracts.envelope import EVENTS
from tradewind.runtime import failpoints
from tradewind.runtime.database import Database
from tradewind.runtime.wake import Bell

CONNECTIONS = 36


@pytest_asyncio.fixture
async def db(shop: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The test's own database with empty counters; nobody works in it."""
    monkeypatch.setitem(EVENTS, counters.Counted.TYPE, counters.Counted)
    opened = await Database.open(shop.engines.database_url, {}, shop.db.policy, size=CONNECTIONS)
    await opened.pool.execute(counters.CREATE)
    yield opened
    await opened.close()


@pytest.fixture
def url(shop: Any) -> str:
    """Where that database is."""
    found: str = shop.engines.database_url
    return found


@pytest_asyncio.fixture
async def bell(db: Database, url: str) -> AsyncIterator[Bell]:
    """A bell that `db` rings."""
    async with Bell(db, url) as ringing:
        yield ringing


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make this a test build that has the bug named."""

    def planted(bug: str) -> None:
        monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
        monkeypatch.setattr(failpoints, "_PLANTED", frozenset({bug}))

    return planted


@pytest.fixture
def arm() -> Iterator[Callable[[dict[str, str]], None]]:
    """Arm failpoints until the end of the test."""
    yield failpoints.arm
    failpoints.arm({})
