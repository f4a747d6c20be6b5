"""What the bench's figures rest on: pairs, percentiles, equal baskets, its own database, a raw limit that writes."""

import json
from decimal import Decimal
from typing import Any, Final

import asyncpg
import pytest

from tradewind.app.bench import raw_limit
from tradewind.app.bench.driving import Run, drive, percentile
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.placing import raw_run, shop_run
from tradewind.app.bench.report import Goal, Report
from tradewind.app.bench.rounds import Rounds
from tradewind.app.bench.shelves import SKUS, baskets
from tradewind.app.engines import Engines
from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory.manifest import AdjustStock
from tradewind.runtime.call import internal_call

DATABASES: Final = "SELECT datname FROM pg_database"
WRITTEN: Final = """
    SELECT (SELECT count(*) FROM raw.idempotency), (SELECT count(*) FROM raw.orders), (SELECT count(*) FROM raw.saga),
           (SELECT count(*) FROM raw.outbox), (SELECT count(*) FROM raw.item), (SELECT sum(reserved) FROM raw.stock)
"""
PLACED: Final = """
    SELECT (SELECT count(*) FROM orders.orders), (SELECT count(*) FROM runtime.idempotency),
           (SELECT count(*) FROM runtime.saga), (SELECT sum(reserved) FROM inventory.inventory_stock)
"""


def a_run(per_second: float) -> Run:
    return Run(per_second=per_second, p50_ms=1.0, p95_ms=2.0, p99_ms=3.0)


async def test_a_ratio_is_the_median_of_what_each_round_says() -> None:
    rounds = Rounds()
    fast, slow = iter((100.0, 10.0, 90.0)), iter((10.0, 10.0, 30.0))

    async def ours(_: int) -> Run:
        return a_run(next(fast))

    async def theirs(_: int) -> Run:
        return a_run(next(slow))

    await rounds.play(3, {"ours": ours, "theirs": theirs}, lambda _: None)
    assert rounds.ratio("ours", "theirs") == 3.0
    assert rounds.table()["ours"].per_second == 90.0


async def test_every_caller_asks_until_nothing_is_left() -> None:
    asked: list[int] = []

    async def ask(number: int) -> None:
        asked.append(number)

    run = await drive([ask, ask, ask], range(100))
    assert sorted(asked) == list(range(100))
    assert run.per_second > 0


def test_a_percentile_is_what_so_many_do_not_exceed() -> None:
    assert percentile(list(range(100)), 0.95) == 95
    assert percentile([], 0.95) == 0.0


@pytest.mark.parametrize(
    ("goal", "met", "verdict"),
    [
        (Goal(what="more", aim=2.0, measured=2.0, unit="x", at_least=True), True, "met"),
        (Goal(what="more", aim=2.0, measured=1.5, unit="x", at_least=True), False, "missed by 25%"),
        (Goal(what="less", aim=100.0, measured=150.0, unit="ms"), False, "missed by 50%"),
    ],
)
def test_a_missed_goal_says_by_how_much(goal: Goal, met: bool, verdict: str) -> None:
    assert (goal.met, goal.verdict) == (met, verdict)
    told = json.loads(Report(rounds=1, runs={}, goals=[goal]).as_json())
    assert told["goals"][0]["verdict"] == verdict


def test_everybody_who_is_compared_gets_the_same_baskets() -> None:
    first = list(baskets(SKUS, 200, 7))
    assert first == list(baskets(SKUS, 200, 7)) != list(baskets(SKUS, 200, 8))
    assert all(len({sku for sku, _ in basket}) == 2 for basket in first)
    assert all(basket == ((SKUS[0], 1),) for basket in baskets(SKUS[:1], 20, 7))


async def test_a_bench_leaves_no_database_behind(shared_engines: Engines) -> None:
    async with own_database(shared_engines) as found:
        inside: Any = await asyncpg.connect(found.database_url)
        name = await inside.fetchval("SELECT current_database()")  # still connected when the block is left
    outside: Any = await asyncpg.connect(shared_engines.database_url)
    assert name not in {row["datname"] for row in await outside.fetch(DATABASES)}
    await outside.close()


@pytest.mark.parametrize("place", [raw_limit.separately, raw_limit.by_function])
async def test_the_raw_limit_writes_all_that_an_order_needs(shared_engines: Engines, place: Any) -> None:
    async with own_database(shared_engines) as found:
        await raw_limit.set_up(found.database_url, SKUS[:4])
        await raw_run(found.database_url, place, SKUS[:4], 50, 1)
        connection: Any = await asyncpg.connect(found.database_url)
        written = tuple(await connection.fetchrow(WRITTEN))
        orders = written[0]
        assert written == (orders, orders, orders, orders, 2 * orders, 2 * orders)
        await connection.close()


async def test_what_is_measured_in_process_are_real_orders(shop: Shop) -> None:
    call = internal_call("test")
    await shop.dispatch(CreateProduct(sku=SKUS[0], name="a", category="a", amount=Decimal(10), currency="EUR"), call)
    await shop.dispatch(AdjustStock(sku=SKUS[0], delta=1000, reason="test"), call)
    run = await shop_run(shop, 8, SKUS[:1], 100, 1)
    orders, *others = tuple(await shop.db.pool.fetchrow(PLACED))
    assert run.per_second > 0
    assert others == [orders, orders, orders]
