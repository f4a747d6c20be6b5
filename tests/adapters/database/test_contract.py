"""What the shop asks of a Postgres, whoever runs it: the one that comes along, and one that a setting names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

import pytest
import pytest_asyncio

from tests.builders import a_product, an_ended_order
from tests.counters import CREATE, Counted, add, count, count_once, on_behalf, versions
from tests.counting import CountUp
from tests.engines import address
from tests.shops import Shop, open_shop, working
from tradewind.app.bench.own_database import own_database
from tradewind.app.engines import Engines, engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop
from tradewind.contracts.envelope import EVENTS
from tradewind.runtime import pool
from tradewind.runtime.database import Busy, Database, DatabaseAway
from tradewind.runtime.test_idempotency import keyed, started
from tradewind.runtime.test_reading import storm
from tradewind.runtime.wake import Bell

CONNECTIONS: Final = 8
MANY: Final = 60
HANG_UP: Final = "SELECT pg_terminate_backend(pg_backend_pid())"
HANG_UP_ALL: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TOLD: Final = "SELECT count(*) FROM runtime.outbox"
APPLIED: Final = "SELECT count(*) FROM runtime.migration"
STOCK: Final = "SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = $1"


@pytest_asyncio.fixture(
    scope="session",
    params=[
        pytest.param("embedded", marks=pytest.mark.adapter("embedded")),
        pytest.param("postgres", marks=pytest.mark.engine("postgres")),
    ],
)
async def server(
    request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Engines]:
    """Each of the two."""
    if request.param == "postgres":
        chosen = replace(settings, database_url=address("DATABASE_URL"))
    else:
        home = tmp_path_factory.mktemp("home") if settings.database_url else settings.home
        chosen = replace(settings, database_url=None, home=home)
    async with engines(chosen) as found:
        yield found


@pytest_asyncio.fixture
async def here(server: Engines) -> AsyncIterator[Engines]:
    """The server, with a migrated database of the test's own."""
    async with own_database(server) as found:
        await migrate_shop(found.database_url)
        yield found


@pytest_asyncio.fixture
async def shop(settings: Settings, here: Engines) -> AsyncIterator[Shop]:
    """A shop on it."""
    async with open_shop(settings, here, connections=CONNECTIONS) as opened:
        yield opened


@pytest_asyncio.fixture
async def db(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """That database, with counters in it."""
    monkeypatch.setitem(EVENTS, Counted.TYPE, Counted)
    opened = await Database.open(shop.engines.database_url, {}, shop.db.policy, size=36)
    await opened.pool.execute(CREATE)
    yield opened
    await opened.close()


async def test_who_migrates_twice_or_at_once_migrates_once(shop: Shop) -> None:
    before = await shop.db.pool.fetchval(APPLIED)
    await asyncio.gather(*(migrate_shop(shop.engines.database_url) for _ in range(3)))
    assert await shop.db.pool.fetchval(APPLIED) == before > 0


async def test_an_order_goes_all_its_way_and_takes_its_goods_once(shop: Shop) -> None:
    sku = await a_product(shop, "BOOK")
    async with working(shop):
        await an_ended_order(shop, sku, qty=2)
    assert tuple(await shop.db.pool.fetchrow(STOCK, sku)) == (8, 0)


async def test_of_a_transaction_that_breaks_nothing_stays_and_the_next_one_goes_through(db: Database) -> None:
    await add(db, "a")

    async def break_off() -> None:
        async with db.transaction(on_behalf()) as tx:
            await count(tx, "a")
            await tx.flush()
            await tx.value(HANG_UP)

    with pytest.raises(DatabaseAway):
        await break_off()
    assert (await versions(db), await db.pool.fetchval(TOLD)) == ({"a": 0}, 0)
    assert await count_once(db, "a") == 1


async def test_events_are_read_in_order_once_each_while_many_commit_out_of_order(db: Database) -> None:
    found = await storm(db)
    assert found.heard == sum((await versions(db)).values()) > 0
    assert found[1:] == (0, 0, 0)


async def test_what_comes_many_times_with_one_key_counts_once(db: Database) -> None:
    await add(db, "a")
    async with started(db) as one, started(db) as other:
        answers = await asyncio.gather(*((one, other)[n % 2].put(CountUp(name="a"), keyed()) for n in range(MANY)))
    assert answers == [1] * MANY
    assert await versions(db) == {"a": 1}


async def test_a_row_that_is_held_too_long_is_busy_not_away(
    db: Database, here: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LOCK_TIMEOUT", "50ms")
    await add(db, "a")
    hasty = await Database.open(here.database_url, {}, db.policy, size=1)
    async with db.transaction(on_behalf()) as holder:
        await count(holder, "a")
        with pytest.raises(Busy):
            await count_once(hasty, "a")
    assert await count_once(hasty, "a") == 2
    await hasty.close()


async def test_more_who_ask_than_connections_wait_for_their_turn(db: Database, here: Engines) -> None:
    await add(db, "a")
    narrow = await Database.open(here.database_url, {}, db.policy, size=2)
    assert sorted(await asyncio.gather(*(count_once(narrow, "a") for _ in range(MANY)))) == list(range(1, MANY + 1))
    assert len(set(await asyncio.gather(*(backend(narrow) for _ in range(MANY))))) <= 2, "connections are used again"
    await narrow.close()


async def backend(db: Database) -> int:
    """The process of the server that serves a transaction: one for each connection."""
    async with db.transaction(on_behalf()) as tx:
        found: int = await tx.value("SELECT pg_backend_pid()")
        return found


async def test_a_bell_of_another_process_is_heard_also_after_every_connection_broke(
    db: Database, here: Engines
) -> None:
    await add(db, "a")
    other = await Database.open(here.database_url, {}, db.policy, size=2)
    async with Bell(db, here.database_url) as bell, Bell(other, here.database_url):

        async def heard() -> None:
            async with asyncio.timeout(60):
                before = bell.rings
                while bell.rings == before:
                    with suppress(DatabaseAway):
                        await count_once(other, "a")
                    await bell.rung(0.2, since=before)

        await heard()
        await db.pool.fetch(HANG_UP_ALL)
        await heard()
    await other.close()
