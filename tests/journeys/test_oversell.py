"""R9: what is not there is not sold, however many want it at once; and the check sees an oversell when there is one."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
import pytest

from tests.journeys.crowd import Told, Wish, all_at_once, by_workers, statuses
from tests.journeys.reasons import AT_ONCE, PLANTED
from tests.markets import Market, open_market, run_part
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings

pytestmark = pytest.mark.xdist_group("journeys")

STOCK, BUYERS = 50, 1_000
SKUS, PIECES, BASKETS, WORKERS = 200, 7, 800, 64
SALES: Final = 5
"""Of so many one meets the race that the planted fault needs: two who read the same row before either writes it."""
SEED: Final = 20_261_121
HELD: Final = """
    SELECT coalesce(sum(quantity) FILTER (WHERE state IN ('HELD', 'CONFIRMED')), 0)::int AS promised,
           count(DISTINCT order_id)::int AS orders
    FROM inventory.reservation WHERE sku = $1
"""
LEFT: Final = "SELECT sku, on_hand - reserved AS available FROM inventory.inventory_stock WHERE sku = ANY($1::text[])"


async def flash_sale(market: Market, urls: Sequence[str], buyers: int = BUYERS) -> list[str]:
    """So many buyers want one of 50 pieces at once, from several edges of one shop; what went wrong, or nothing."""
    sku = await market.goods(stock=STOCK)
    body = {"items": [{"sku": sku, "qty": 1}]}
    wishes = [Wish(urls[n % len(urls)], market.somebody().token or "", body, f"sale-{n}") for n in range(buyers)]
    told = await all_at_once(wishes)
    on_hand, reserved = await market.stock(sku)
    row = await market.shop.db.pool.fetchrow(HELD, sku)
    print(f"{buyers} buyers, {STOCK} pieces, {len(urls)} edges: {statuses(told)}; on hand {on_hand}, "
          f"reserved {reserved}, promised {row['promised']} to {row['orders']} orders")  # fmt: skip
    losers = [one for one in told if one.status != 201]
    return [
        *_unless(statuses(told) == {201: STOCK, 409: buyers - STOCK}, f"answers: {statuses(told)}"),
        *_unless(all(_names(one, sku) for one in losers), "a loser was not told why"),
        *_unless((on_hand, reserved) == (STOCK, STOCK), f"stock says {on_hand} on hand, {reserved} reserved"),
        *_unless((row["promised"], row["orders"]) == (STOCK, STOCK), f"promised {row['promised']}"),
    ]


def _unless(holds: bool, complaint: str) -> list[str]:
    return [] if holds else [complaint]


def _names(told: Told, sku: str) -> bool:
    problem = msgspec.json.decode(told.body)
    kind = (
        told.headers["Content-Type"] == "application/problem+json" and problem["type"] == "/problems/not-enough-stock"
    )
    return kind and problem["status"] == 409 and problem["skus"] == [sku] and bool(problem["traceId"])


@pytest.mark.one_process_tree(AT_ONCE)
async def test_fifty_pieces_are_sold_to_fifty_of_a_thousand_buyers_at_once(market: Market) -> None:
    async with run_part(market, "edge") as second:
        assert await flash_sale(market, [str(market.http.base_url), second]) == []


@pytest.mark.one_process_tree(PLANTED)
async def test_reserving_without_the_guard_oversells_and_is_seen(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("unguarded")
    parts = ("edge", "edge")
    async with open_market(settings, template, folder, parts=parts, bugs="reserve_without_guard") as market:
        for _ in range(SALES):
            if await oversold(market):
                return
    pytest.fail(f"{SALES} sales without the guard, and none was seen to oversell")


async def oversold(market: Market) -> bool:
    """Whether one flash sale is seen to promise more than there was, by the check that all sales go through."""
    complaints = await flash_sale(market, market.urls, buyers=300)
    print("planted reserve_without_guard:", *complaints, sep="\n  ")
    return any(complaint.startswith("promised") for complaint in complaints)


@pytest.mark.one_process_tree(AT_ONCE)
async def test_overlapping_baskets_sell_exactly_what_was_there(market: Market) -> None:
    chance = random.Random(SEED)
    skus = await asyncio.gather(*(market.goods(stock=PIECES) for _ in range(SKUS)))
    async with run_part(market, "edge") as second:
        urls = [str(market.http.base_url), second]
        wishes = [
            Wish(chance.choice(urls), market.somebody().token or "", _basket(chance, skus)) for _ in range(BASKETS)
        ]
        told = await by_workers(wishes, WORKERS)
    sold: Counter[str] = Counter()
    for one in told:
        if one.status == 201:
            sold.update({line["sku"]: line["qty"] for line in one.wish.body["items"]})
    left = {row["sku"]: row["available"] for row in await market.shop.db.pool.fetch(LEFT, list(skus))}
    print(f"seed {SEED}: {BASKETS} baskets over {SKUS} SKUs of {PIECES}, {WORKERS} workers, 2 edges: {statuses(told)};")
    print(f"{sold.total()} of {SKUS * PIECES} pieces sold, {sum(n == 0 for n in left.values())} SKUs sold out")
    assert set(statuses(told)) == {201, 409}
    assert all(b"not-enough-stock" in one.body for one in told if one.status == 409)
    assert {sku: PIECES - sold[sku] for sku in skus} == left
    assert min(left.values()) == 0
    assert "deadlock" not in market.logs()


def _basket(chance: random.Random, skus: Sequence[str]) -> dict[str, object]:
    chosen = chance.sample(skus, chance.randint(1, 5))
    lines = [{"sku": sku, "qty": chance.randint(1, 2)} for sku in chosen]
    return {"items": lines, "paymentMethod": "simulated:approve", "shippingAddress": {"country": "GB"}}
