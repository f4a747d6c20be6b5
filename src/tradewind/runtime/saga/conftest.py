"""Trips to carry, and no patience: retries come at once."""

import pytest
import pytest_asyncio

from tests import trips as kit
from tradewind.runtime.database import Database
from tradewind.runtime.saga import runner, settling
from tradewind.runtime.wake import Bell


@pytest_asyncio.fixture
async def trips(db: Database, bell: Bell, monkeypatch: pytest.MonkeyPatch) -> kit.Trips:
    """No trips yet."""
    monkeypatch.setattr(settling, "BACKOFF_S", 0.001)
    monkeypatch.setattr(settling, "MAX_BACKOFF_S", 0.01)
    monkeypatch.setattr(runner, "POLL_S", 0.02)
    await db.pool.execute(kit.CREATE)
    return kit.Trips(db, bell)
