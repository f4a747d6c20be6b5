"""A shop whose sensors talk to a real broker, and workers that may be killed."""

import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.chaos.nursery import Child, Nursery
from tests.sensors.brokers import Broker, Mosquitto, OwnBroker
from tests.shops import Shop, until
from tradewind.contexts.inventory.conftest import LEDGER

FILL = "INSERT INTO inventory.inventory_stock (sku, product_id, on_hand) VALUES ($1, gen_random_uuid(), $2)"
NOTE = """
    INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor)
    VALUES (gen_random_uuid(), $1, $2, 'opening', 'test')
"""
BROKERS: dict[str, Callable[[Path], Broker]] = {"own": OwnBroker, "mosquitto": Mosquitto}
OUTSIDE = [pytest.param("mosquitto", marks=pytest.mark.engine("mosquitto"))]
BOTH = [pytest.param("own", marks=pytest.mark.adapter("own")), *OUTSIDE]
"""What both promise. A test kills its Mosquitto, so it starts one of its own."""


@dataclass
class Shelves:
    """A shop's stock, a broker, and workers between them."""

    shop: Shop
    broker: Broker
    nursery: Nursery

    def worker(self, **more: str) -> Child:
        """A worker process; `more` are its own settings, such as FAILPOINTS."""
        engines, settings = self.shop.engines, self.shop.settings
        own = {f"TRADEWIND_{name}": value for name, value in more.items()}
        environment = {
            "TRADEWIND_HOME": str(settings.home),
            "TRADEWIND_DATABASE_URL": engines.database_url,
            "TRADEWIND_PROVIDER_URL": engines.provider_url,
            "TRADEWIND_MQTT_URL": self.broker.shop,
            "TRADEWIND_SAGA_LEASE_S": "2",
            "TRADEWIND_LOG_LEVEL": "error",
        }
        return self.nursery.start("worker", environment | own)

    async def fill(self, **stock: int) -> None:
        """Put so many of each SKU on the shelf."""
        for sku, quantity in stock.items():
            await self.shop.db.pool.execute(FILL, sku, quantity)
            await self.shop.db.pool.execute(NOTE, sku, quantity)

    async def stock(self) -> dict[str, int]:
        """What lies there of each SKU; fails where the ledger says otherwise."""
        rows: list[Any] = await self.shop.db.pool.fetch(LEDGER)
        assert all(row["on_hand"] == row["on_hand_due"] for row in rows)
        return {row["sku"]: row["on_hand"] for row in rows}

    async def count(self, table: str) -> int:
        """Rows of one of inventory's tables."""
        return int(await self.shop.db.pool.fetchval(f"SELECT count(*) FROM inventory.{table}"))


async def nothing_waits(shelves: Shelves) -> None:
    """Wait until the broker has let go of everything."""

    async def look() -> bool:
        return shelves.broker.waiting() == 0

    assert await until(shelves.shop, look)


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where workers are started from."""
    opened = Nursery(tmp_path_factory.mktemp("nursery"))
    yield opened
    opened.close()


@pytest_asyncio.fixture
async def shelves(
    request: pytest.FixtureRequest, shop: Shop, nursery: Nursery, tmp_path: Path
) -> AsyncIterator[Shelves]:
    """With the shop's own broker, or with the one that the test's parameter names."""
    broker = BROKERS[getattr(request, "param", "own")](tmp_path)
    await broker.start()
    yield Shelves(shop, broker, nursery)
    await broker.end(signal.SIGTERM)
