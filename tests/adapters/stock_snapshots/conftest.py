"""The snapshot of stock on every engine: inventory's own rows, and the Cassandra that the environment names."""

import importlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import pytest
import pytest_asyncio

from tests.adapters.order_lists.conftest import ANSWER_S, keyspace, wire
from tests.engines import address
from tests.shops import Shop, a_call
from tradewind.contexts.inventory.list_stock.query import LookUpStock
from tradewind.contexts.inventory.spread_stock.timer import words
from tradewind.ports.progress import Reached
from tradewind.ports.stock_snapshots import Standing

__all__ = ["wire"]


class Snapshot(Protocol):
    """A snapshot that a test tells of events, and looks into."""

    async def hear(self, events: Sequence[Any]) -> None: ...

    async def of(self, *skus: str) -> list[Standing]: ...

    async def after(self, sku: str, many: int) -> list[Standing]: ...


class InRows:
    """Inventory's own rows, which have it when it is told."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def hear(self, events: Sequence[Any]) -> None:
        """They were changed along."""

    async def of(self, *skus: str) -> list[Standing]:
        return list(await self._shop.dispatch(LookUpStock(skus=skus), a_call("warehouse")))

    async def after(self, sku: str, many: int) -> list[Standing]:
        return list(await self._shop.dispatch(LookUpStock(after=sku, many=many), a_call("warehouse")))


class OnCassandra:
    """A keyspace of the test's own."""

    def __init__(self, servers: str, name: str, **limits: float) -> None:
        link = importlib.import_module("tradewind.adapters.cassandra.link")
        module = importlib.import_module("tradewind.adapters.stock_snapshots.cassandra")
        self.link = link.Link(servers, name, module.TABLES, **({"answer_s": ANSWER_S, "retry_s": 0.2} | limits))
        self.snapshot = module.CassandraStockSnapshot(self.link)

    async def hear(self, events: Sequence[Any]) -> None:
        await self.snapshot.put(words(events), Reached(1, 1), is_all=True)

    async def of(self, *skus: str) -> list[Standing]:
        return sorted(await self.snapshot.of(skus), key=lambda one: str(one.sku))

    async def after(self, sku: str, many: int) -> list[Standing]:
        return list(await self.snapshot.after(sku, many))


@pytest_asyncio.fixture
async def cassandra() -> AsyncIterator[OnCassandra]:
    async with keyspace() as name:
        found = OnCassandra(address("CASSANDRA_SERVERS"), name)
        yield found
        await found.link.close()


@pytest.fixture(
    params=[
        pytest.param("rows", marks=pytest.mark.adapter("rows")),
        pytest.param("cassandra", marks=pytest.mark.engine("cassandra")),
    ]
)
def snapshot(request: pytest.FixtureRequest, shop: Shop) -> Snapshot:
    if request.param == "rows":
        return InRows(shop)
    found: Snapshot = request.getfixturevalue("cassandra")
    return found
