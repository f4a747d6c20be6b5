"""`tradewind lists rebuild` takes each copy out of the database that has its context, whosever settings it has."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from tests.builders import a_delivery, a_product
from tests.shops import Shop, _database, a_call, open_shop
from tradewind.app.commands.analytics import _rebuild as count_anew
from tradewind.app.commands.lists import _rebuild
from tradewind.app.commands.operators import outcome_on_all
from tradewind.app.databases import open_all
from tradewind.app.engines import Engines
from tradewind.app.placement import INVENTORY, at_home, installed, manifests
from tradewind.app.settings import SettingError, Settings
from tradewind.app.wiring import migrate_shop
from tradewind.contexts.inventory._store.stock import open_all as open_all_stock
from tradewind.kernel.ids import new_id
from tradewind.ports.order_lists import OrderLists
from tradewind.ports.progress import NOWHERE, Reached
from tradewind.ports.stock_snapshots import StockSnapshot

KAFKA, AWAY = "127.0.0.1:9", "grpc://127.0.0.1:9"
TABLES = "SELECT count(*) FROM pg_namespace WHERE nspname = 'orders'"


class Copy:
    """A copy that is kept elsewhere, in memory."""

    def __init__(self) -> None:
        self.upto, self.names = NOWHERE, set[str]()

    async def reached(self) -> Reached | None:
        return self.upto

    async def put(self, changes: Sequence[Any], upto: Reached, *, is_all: bool) -> None:
        self.names |= {str(getattr(one, "sku", None) or one.order_id) for one in changes}
        self.upto = max(self.upto, upto)

    async def clear(self) -> None:
        self.upto, self.names = NOWHERE, set()


@pytest_asyncio.fixture
async def its_engines(shared_engines: Engines) -> AsyncIterator[Engines]:
    """Inventory's database, with its tables and nobody else's."""
    async with _database(shared_engines) as found:
        await migrate_shop(found.database_url, manifests((INVENTORY,)))
        yield found


@pytest.fixture
def placed(settings: Settings, own_engines: Engines, its_engines: Engines) -> Settings:
    """The settings of a shop whose inventory is apart."""
    return replace(
        settings,
        database_url=own_engines.database_url,
        provider_url=own_engines.provider_url,
        kafka_servers=KAFKA,
        inventory_url=AWAY,
        inventory_database_url=its_engines.database_url,
    )


async def stocked(settings: Settings, shared: Engines, its: Engines) -> None:
    """A lamp in inventory's database, and a rope where nobody asks for stock any more."""
    whole = replace(settings, inventory_url=None, inventory_database_url=None, kafka_servers=None)
    async with open_shop(whole, shared, connections=4) as shop:
        await a_product(shop, "ROPE")
    async with open_shop(at_home(replace(settings, contexts=(INVENTORY,))), its, connections=4) as alone:
        async with alone.db.transaction(a_call("admin")) as tx:
            await open_all_stock(tx, {"LAMP": new_id()})
        await a_delivery(alone, "LAMP", 3)


@pytest.mark.parametrize("whose", [(), (INVENTORY,)], ids=["shop", "inventory"])
async def test_the_stock_is_taken_out_of_inventorys_database(
    placed: Settings, own_engines: Engines, its_engines: Engines, whose: tuple[str, ...]
) -> None:
    await stocked(placed, own_engines, its_engines)
    settings = at_home(replace(placed, contexts=whose))
    found = its_engines if whose else own_engines
    stock, lists = Copy(), Copy()
    instead: Any = {StockSnapshot: stock, OrderLists: lists}
    async with open_all(settings, found, (INVENTORY,), connections=2, listens=False, instead=instead) as shops:
        assert await _rebuild(shops)
    assert stock.names == {"LAMP"}


async def test_with_the_settings_of_a_context_that_is_alone_its_own_database_is_looked_into(
    placed: Settings, own_engines: Engines, its_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "HOME": str(placed.home),
        "DATABASE_URL": own_engines.database_url,
        "PROVIDER_URL": own_engines.provider_url,
        "KAFKA_SERVERS": KAFKA,
        "CONTEXTS": INVENTORY,
        "INVENTORY_URL": AWAY,
        "INVENTORY_DATABASE_URL": its_engines.database_url,
    }
    for name, value in told.items():
        monkeypatch.setenv(f"TRADEWIND_{name}", value)

    async def look(shops: Sequence[Shop]) -> list[tuple[str, tuple[str, ...], int]]:
        return [
            (one.engines.database_url, installed(one.settings), await one.db.pool.fetchval(TABLES)) for one in shops
        ]

    seen = await asyncio.to_thread(outcome_on_all, look, listens=False)
    assert seen == [(its_engines.database_url, (INVENTORY,), 0)]


async def test_nothing_is_counted_in_a_database_that_has_no_analytics(placed: Settings, its_engines: Engines) -> None:
    settings = at_home(replace(placed, contexts=(INVENTORY,)))
    async with open_all(settings, its_engines, connections=2, listens=False) as shops:
        with pytest.raises(SettingError, match="nothing is counted"):
            await count_anew(shops)
