"""Two warehouses, bundles, a crowd, and reservations that run out meanwhile: nothing is oversold, none is left behind.

And the same check sees an oversell and a leak where there is one.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.journeys.crowd import Wish, all_at_once, by_workers, statuses
from tests.journeys.reasons import AT_ONCE, ONE_PROCESS, OWN_SETTINGS, PLANTED
from tests.markets import Market, open_market
from tests.shops import Shop, a_call, until
from tradewind.app.audit import audit
from tradewind.app.engines import Engines
from tradewind.app.settings import ALLOCATIONS, Settings
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory._domain.strategies import STRATEGIES
from tradewind.contexts.inventory._domain.warehouse import Warehouse
from tradewind.contexts.inventory.manifest import AdjustStock, OpenWarehouse, SetBundle

pytestmark = pytest.mark.xdist_group("journeys")

SEED: Final = 20_261_128
WORKERS, TTL_S, STOCK, BUYERS = 64, 2, 50, 1_000
STAFF: Final = a_call("admin", subject="staff")
AT_REST: Final = """
    SELECT NOT EXISTS (SELECT FROM runtime.saga WHERE phase IN ('STARTED', 'COMPENSATING'))
       AND NOT EXISTS (SELECT FROM inventory.reservation WHERE state = 'HELD')
"""
SHELVES: Final = "SELECT sku, warehouse, on_hand, reserved FROM inventory.inventory_stock ORDER BY sku, warehouse"
LINES: Final = """
    SELECT state, count(DISTINCT order_id)::int AS orders, count(*)::int AS lines, sum(quantity)::int AS pieces,
           count(*) FILTER (WHERE bundle IS NOT NULL)::int AS of_bundles,
           count(DISTINCT warehouse)::int AS places
    FROM inventory.reservation GROUP BY state ORDER BY state
"""
OUT: Final = """
    SELECT sku, sum(quantity)::int AS pieces FROM inventory.reservation WHERE state IN ('HELD', 'CONFIRMED')
    GROUP BY sku
"""


class Goods(NamedTuple):
    """So many things with so many pieces in each of two warehouses, and bundles of some of them."""

    skus: Sequence[str]
    bundles: Mapping[str, Mapping[str, int]]
    pieces: int


async def stocked(shop: Shop, chance: random.Random, *, skus: int, bundles: int, pieces: int) -> Goods:
    """Put them on the shelves."""
    await shop.dispatch(OpenWarehouse(warehouse=Warehouse(code="NORTH", name="North", priority=1)), STAFF)
    gate = asyncio.Semaphore(4)

    async def thing(sku: str, stock: int) -> None:
        async with gate:
            made = CreateProduct(sku=sku, name=sku, category="things", amount=Decimal("12.50"), currency="EUR")
            await shop.dispatch(made, STAFF)
            for place in ("MAIN", "NORTH") if stock else ():
                await shop.dispatch(AdjustStock(sku=sku, delta=stock, reason="delivery", warehouse=place), STAFF)

    names = [f"ROW4-{n:03}" for n in range(skus)]
    made_of = {
        f"KIT-{n:02}": {part: chance.randint(1, 2) for part in chance.sample(names, chance.randint(2, 3))}
        for n in range(bundles)
    }
    await asyncio.gather(*(thing(sku, pieces) for sku in names), *(thing(sku, 0) for sku in made_of))
    for sku, parts in made_of.items():
        await shop.dispatch(SetBundle(sku=sku, parts=parts), STAFF)
    return Goods(names, made_of, pieces)


def wish(market: Market, chance: random.Random, goods: Goods) -> Wish:
    """A basket of some things and some bundles; every third buyer never pays."""
    chosen = [
        *chance.sample(goods.skus, chance.randint(1, 4)),
        *chance.sample(list(goods.bundles), chance.randint(0, 2)),
    ]
    chance.shuffle(chosen)
    body: dict[str, object] = {
        "items": [{"sku": sku, "qty": chance.randint(1, 2)} for sku in chosen],
        "shippingAddress": {"country": "GB"},
    }
    if chance.random() > 1 / 3:
        body["paymentMethod"] = "simulated:approve"
    return Wish(chance.choice(market.urls), market.somebody().token or "", body)


async def rush(market: Market, *, skus: int, bundles: int, pieces: int, orders: int, rests: bool = True) -> list[str]:
    """Let a crowd buy, wait until nothing moves where it can come to rest; what went wrong, or nothing."""
    chance, pool = random.Random(SEED), market.shop.db.pool
    goods = await stocked(market.shop, chance, skus=skus, bundles=bundles, pieces=pieces)
    told = await by_workers([wish(market, chance, goods) for _ in range(orders)], WORKERS)
    if rests:
        await until(market.shop, lambda: pool.fetchval(AT_REST), within_s=120)
    shelves, out = await pool.fetch(SHELVES), {row["sku"]: row["pieces"] for row in await pool.fetch(OUT)}
    print(f"seed {SEED}: {orders} baskets over {skus} SKUs of {pieces} in each of 2 warehouses and {bundles} bundles, "
          f"{WORKERS} workers, {len(market.urls)} edges: {statuses(told)}")  # fmt: skip
    for row in await pool.fetch(LINES):
        print("  ", dict(row))
    left: Counter[str] = Counter()
    for row in shelves:
        left[row["sku"]] += row["on_hand"]
    print(f"   {sum(out.values())} of {2 * skus * pieces} pieces sold, {sum(not left[sku] for sku in goods.skus)} SKUs "
          "sold out")  # fmt: skip
    report = await audit(market.environment["TRADEWIND_DATABASE_URL"], None, settle_s=30 if rests else 0)
    wrong = [f"audit: {line}" for line in report.lines()]
    if unknown := set(statuses(told)) - {201, 409}:
        wrong.append(f"answers: {unknown}")
    wrong += [f"oversold: {sku}, {n} of {2 * pieces}" for sku, n in out.items() if n > 2 * pieces]
    wrong += [f"leaked: {dict(row)}" for row in shelves if row["reserved"]]
    wrong += [f"lost: {sku}" for sku in goods.skus if left[sku] + out.get(sku, 0) != 2 * pieces]
    return wrong


@asynccontextmanager
async def hasty_market(
    settings: Settings, template: Engines, folder: Path, monkeypatch: pytest.MonkeyPatch, bugs: str = ""
) -> AsyncIterator[Market]:
    """A market of two edges and a worker in which goods are held for a moment only."""
    monkeypatch.setenv("TRADEWIND_RESERVATION_TTL_S", str(TTL_S))
    monkeypatch.setenv("TRADEWIND_ALLOCATION", "fewest_parcels")
    async with open_market(settings, template, folder, parts=("edge", "edge", "worker"), bugs=bugs) as opened:
        yield opened


@pytest.mark.one_process_tree(ONE_PROCESS)
def test_an_owner_can_choose_each_strategy_that_there_is() -> None:
    assert set(ALLOCATIONS) == set(STRATEGIES)


@pytest.mark.one_process_tree(OWN_SETTINGS)
async def test_a_crowd_at_two_warehouses_with_bundles_gets_what_there_is_and_what_runs_out_comes_back(
    settings: Settings, template: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hasty_market(settings, template, tmp_path, monkeypatch) as market:
        assert await rush(market, skus=500, bundles=50, pieces=3, orders=1_500) == []
        assert "deadlock" not in market.logs()
        expired = "SELECT count(*) FROM inventory.reservation WHERE state = 'EXPIRED'"
        assert await market.shop.db.pool.fetchval(expired) > 0


@pytest.mark.one_process_tree(PLANTED)
@pytest.mark.parametrize(
    ("bug", "complaint"), [("reserve_without_guard", "oversold"), ("expire_without_giving_back", "leaked")]
)
async def test_an_oversell_and_a_leak_are_seen(
    settings: Settings, template: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bug: str, complaint: str
) -> None:
    async with hasty_market(settings, template, tmp_path, monkeypatch, bugs=bug) as market:
        rests = bug != "reserve_without_guard"  # numbers that are too small keep goods from being given back
        wrong = await rush(market, skus=10, bundles=3, pieces=4, orders=300, rests=rests)
    print(f"planted {bug}:", *wrong[:6], sep="\n  ")
    assert any(one.startswith("audit: stock ledger") for one in wrong)
    assert any(one.startswith((complaint, "answers")) for one in wrong)


async def flash_sale(market: Market, bodies: Sequence[dict[str, object]], sku: str) -> None:
    """Everybody wants one of the fifty pieces of `sku` at once, in one way or another; fifty get one."""
    wishes = [
        Wish(market.urls[0], market.somebody().token or "", {"items": [bodies[n % len(bodies)]]}) for n in range(BUYERS)
    ]
    told = await all_at_once(wishes)
    print(f"{BUYERS} buyers, {STOCK} pieces: {statuses(told)}")
    assert statuses(told) == {201: STOCK, 409: BUYERS - STOCK}
    assert await market.stock(sku) == (STOCK, STOCK)
    assert "deadlock" not in market.logs()


@pytest.mark.one_process_tree(AT_ONCE)
async def test_fifty_pieces_that_are_sold_alone_and_in_bundles_are_sold_fifty_times(market: Market) -> None:
    part, other, kit = await market.goods(stock=STOCK), await market.goods(stock=BUYERS), await market.goods(stock=0)
    await market.shop.dispatch(SetBundle(sku=kit, parts={part: 1, other: 1}), STAFF)
    await flash_sale(market, [{"sku": part, "qty": 1}, {"sku": kit, "qty": 1}], part)


@pytest.mark.one_process_tree(AT_ONCE)
async def test_fifty_pieces_in_two_warehouses_are_sold_fifty_times(market: Market) -> None:
    sku = await market.goods(stock=20)
    code = f"FLASH-{sku.rsplit('-', 1)[-1]}"
    await market.shop.dispatch(OpenWarehouse(warehouse=Warehouse(code=code, name="Flash", priority=1)), STAFF)
    delivery = AdjustStock(sku=sku, delta=STOCK - 20, reason="delivery", warehouse=code)
    await market.shop.dispatch(delivery, STAFF)
    await flash_sale(market, [{"sku": sku, "qty": 1}], sku)
