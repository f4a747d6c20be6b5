"""A stand: a database and a payment provider of its own, on which workers are killed and others carry on."""

import os
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.chaos.nursery import Child, Nursery
from tests.chaos.workload import stock_the_shelves
from tests.evidence import evidence
from tests.shops import _database
from tradewind.app.audit import audit
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, open_shop

LEASE_S: Final = 1.0
PROVIDER_TIMEOUT_S: Final = 0.4
SETTLE_S: Final = 60.0
"""Longest time for which an order may be on its way after the last fault (A1)."""
STATUSES: Final = "SELECT id, status FROM orders.orders WHERE id = ANY($1::uuid[])"


@dataclass
class Stand:
    """One database, one provider; `shop` answers commands and does no work, workers are started as processes."""

    shop: Shop
    provider: ProviderProcess
    nursery: Nursery
    environment: Mapping[str, str]
    completed: list[UUID] = field(default_factory=list)
    """Orders that went all the way, for those trials that undo some."""
    children: list[Child] = field(default_factory=list)
    """Every process that was started here."""

    def worker(self, **more: str) -> Child:
        """A worker process; `more` are its own settings, such as FAILPOINTS."""
        return self._start("worker", more)

    def edge(self, port: int, **more: str) -> Child:
        """An edge process on `port`."""
        return self._start("edge", {"PORT": str(port), **more})

    def _start(self, part: str, more: Mapping[str, str]) -> Child:
        own = {f"TRADEWIND_{name}": value for name, value in more.items()}
        child = self.nursery.start(part, {**self.environment, **own})
        self.children.append(child)
        return child

    async def violations(self, expected: Mapping[UUID, str]) -> list[str]:
        """Wait until nothing moves; whatever the auditor finds then, or differs from what these orders must become.

        A process that died by itself counts, too: nobody starts another one here. Where anything is wrong, it is told
        who lives and who holds what.
        """
        report = await audit(self.shop.engines.database_url, self.provider.url, settle_s=SETTLE_S)
        rows = await self.shop.db.pool.fetch(STATUSES, list(expected))
        statuses = {row["id"]: row["status"] for row in rows}
        wrong = [
            f"order {order_id} is {statuses.get(order_id)}, not {ends}"
            for order_id, ends in expected.items()
            if statuses.get(order_id) != ends
        ]
        died = [f"died by itself: {child.life()}" for child in self.children if child.ended_badly()]
        if not (found := [*report.lines(), *wrong, *await self._twice(list(expected)), *died]):
            return []
        return [*found, *(child.life() for child in self.children), *await evidence(self.shop.db.pool)]

    async def settles(self, expected: Mapping[UUID, str], at: object = "") -> None:
        """Fails, and says everything, where `violations` finds anything."""
        found = await self.violations(expected)
        assert not found, "\n".join([str(at), *found])

    async def _twice(self, order_ids: Sequence[UUID]) -> list[str]:
        """Effects that the provider's own ledger holds more than once."""
        found = []
        for order_id in order_ids:
            done = [one.operation for one in await self.provider.ledger(str(order_id)) if one.outcome == "approved"]
            found += [
                f"order {order_id}: {done.count(operation)} approved {operation}s"
                for operation in ("authorization", "capture", "void", "refund")
                if done.count(operation) > 1
            ]
        return found


@asynccontextmanager
async def a_stand(
    settings: Settings, servers: Engines, template: Engines, nursery: Nursery, folder: Path
) -> AsyncIterator[Stand]:
    """A stand with goods on its shelves, to be cleared away afterwards."""
    folder.mkdir()
    provider = await ProviderProcess(folder).start()
    try:
        async with _database(servers, urlsplit(template.database_url).path[1:]) as found:
            own = replace(found, provider_url=provider.url)
            async with open_shop(settings, own, connections=4) as shop:
                await stock_the_shelves(shop)
                yield Stand(shop, provider, nursery, _environment(settings, own))
    finally:
        await provider.stop()


def _environment(settings: Settings, engines: Engines) -> dict[str, str]:
    return {
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_DATABASE_URL": engines.database_url,
        "TRADEWIND_PROVIDER_URL": engines.provider_url,
        "TRADEWIND_KAFKA_SERVERS": settings.kafka_servers or "",
        "TRADEWIND_CONNECT_URL": settings.connect_url or "",
        "TRADEWIND_PUBLIC_URL": "http://shop.test",
        "TRADEWIND_SAGA_LEASE_S": str(LEASE_S),
        "TRADEWIND_PROVIDER_TIMEOUT_S": str(PROVIDER_TIMEOUT_S),
        "TRADEWIND_LOG_LEVEL": "warning",
        "TRADEWIND_RATE_LIMITS": "off",
        "TRADEWIND_FAILPOINTS": "",
    }


def seeds() -> range:
    """TRADEWIND_CHAOS_SEEDS of them (1), from TRADEWIND_CHAOS_FIRST_SEED (1) on."""
    first = int(os.environ.get("TRADEWIND_CHAOS_FIRST_SEED", "1"))
    return range(first, first + int(os.environ.get("TRADEWIND_CHAOS_SEEDS", "1")))


def dice(seed: int, name: str) -> random.Random:
    """Chance that is the same for one seed and name."""
    return random.Random(f"{seed}/{name}")
