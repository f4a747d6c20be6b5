"""A flash sale through the real edge: what there is gets sold and no more, to each their part, and all hear of it."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
import pytest

from tests.journeys.crowd import Wish, all_at_once, statuses
from tests.journeys.followers import following
from tests.journeys.reasons import PLANTED
from tests.markets import Market, open_market
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.kernel.clock import now

pytestmark = pytest.mark.xdist_group("journeys")

UNITS, BUYERS, PER_BUYER = 100, 5_000, 2
FOLLOWERS = 200
SEED: Final = 20_261_127
SOLD: Final = """
    SELECT customer_id, sum(pieces)::int AS pieces FROM pricing.flash_sale_redemption
    WHERE sale_id = $1 AND returned_at IS NULL GROUP BY 1
"""
ORDERED: Final = """
    SELECT o.user_id, sum(i.quantity)::int AS pieces, min(i.unit_price_minor) AS lowest,
           max(i.unit_price_minor) AS highest
    FROM orders.order_items AS i JOIN orders.orders AS o ON o.id = i.order_id WHERE i.sku = $1 GROUP BY 1
"""


async def a_sale(market: Market, sku: str, *, quantity: int = UNITS, per_buyer: int = PER_BUYER) -> dict[str, Any]:
    """A flash sale at 5.00 that runs, as everybody sees."""
    body = {
        "sku": sku,
        "price": 5,
        "quantity": quantity,
        "perBuyer": per_buyer,
        "startsAt": now().isoformat(),
        "endsAt": (now() + timedelta(hours=1)).isoformat(),
    }
    made = await market.somebody("merchandiser").post("/api/v1/flash-sales", body)
    assert made.status_code == 201, made.text
    where = f"/api/v1/flash-sales/{made.json()['id']}"

    async def runs() -> dict[str, Any] | None:
        seen: dict[str, Any] = (await market.nobody.get(where)).json()
        return seen if seen["state"] == "RUNNING" else None

    sale: dict[str, Any] = await market.sees(runs)
    return sale


def wishes(market: Market, sku: str, urls: Sequence[str], buyers: int) -> list[Wish]:
    """Every buyer wants one or two pieces; some want three, and some ask again and again with orders of their own."""
    chance = random.Random(SEED)
    found = []
    for n in range(buyers):
        token = market.somebody(subject=f"guest-{n}").token or ""
        for again in range(chance.choice((1, 1, 1, 1, 1, 1, 1, 3))):
            qty = chance.choice((1, 1, 1, 2, 2, 3))
            body = {"items": [{"sku": sku, "qty": qty}], "paymentMethod": "simulated:approve"}
            found.append(Wish(chance.choice(urls), token, body, f"{n}-{again}"))
    chance.shuffle(found)
    return found


async def complaints(market: Market, buyers: int) -> list[str]:
    """What goes wrong when so many buyers want the pieces of one sale at once; nothing, where nothing does."""
    sku = await market.goods(stock=1_000)
    sale = await a_sale(market, sku)
    asked = wishes(market, sku, market.urls, buyers)
    told = await all_at_once(asked)
    held = {row["customer_id"]: row["pieces"] for row in await market.shop.db.pool.fetch(SOLD, sale["id"])}
    ordered = await market.shop.db.pool.fetch(ORDERED, sku)
    losers = [msgspec.json.decode(one.body) for one in told if one.status != 201]
    kinds = Counter(problem["type"] for problem in losers)
    sold = sum(row["pieces"] for row in ordered)
    after = (await market.nobody.get(f"/api/v1/flash-sales/{sale['id']}")).json()
    print(f"seed {SEED}: {len(asked)} orders of {buyers} buyers over {len(market.urls)} edges: {statuses(told)}; "
          f"{sold} pieces to {len(ordered)} buyers; {dict(kinds)}; left {after['left']}")  # fmt: skip
    rules = {
        f"{sold} of {UNITS} pieces are sold": sold == UNITS,
        f"somebody has more than {PER_BUYER}": max(held.values(), default=0) <= PER_BUYER,
        "orders and redemptions differ": held == {row["user_id"]: row["pieces"] for row in ordered},
        "somebody paid another price": all(row["lowest"] == row["highest"] == 500 for row in ordered),
        f"{after['left']} are left": after["left"] == 0,
        f"answers: {statuses(told)}": set(statuses(told)) == {201, 409},
        "a loser was not told why": set(kinds) <= {"/problems/flash-sale-sold-out", "/problems/flash-sale-limit"},
        "a loser was not told which sale": all(problem["saleId"] == sale["id"] for problem in losers),
    }
    return [complaint for complaint, holds in rules.items() if not holds]


async def test_a_hundred_pieces_are_sold_to_five_thousand_buyers_and_nobody_gets_more_than_two(market: Market) -> None:
    assert await complaints(market, market.crowd(BUYERS)) == []


@pytest.mark.one_process_tree(PLANTED)
async def test_selling_without_the_lock_oversells_and_is_seen(
    settings: Settings, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, parts = tmp_path_factory.mktemp("unlocked"), ("edge", "edge", "worker")
    async with open_market(settings, template, folder, parts=parts, bugs="sale_without_lock") as market:
        found = await complaints(market, 600)
    print("planted sale_without_lock:", *found, sep="\n  ")
    assert any("pieces are sold" in complaint for complaint in found)


async def test_a_sale_that_starts_sells_out_and_ends_is_on_every_followers_wire_in_that_order(market: Market) -> None:
    sku = await market.goods(stock=10)
    async with following(f"{market.urls[0]}/sse/flash-sales", FOLLOWERS) as followers:
        for one in followers:
            assert (await one.next()).name == "flash_sales"
        sale = await a_sale(market, sku, quantity=1, per_buyer=1)
        assert (await market.somebody().order(sku)).status_code == 201
        for one in followers:
            started = await one.until("flash_sale.started", saleId=sale["id"])
            assert (started.says["price"], started.says["quantity"], started.says["perBuyer"]) == (5, 1, 1)
            await one.until("flash_sale.sold_out", saleId=sale["id"])
        ended = await market.admin.post(f"/api/v1/flash-sales/{sale['id']}/end")
        assert (ended.status_code, ended.json()["state"]) == (200, "ENDED")
        for one in followers:
            await one.until("flash_sale.ended", saleId=sale["id"])


async def test_who_was_away_comes_back_with_the_last_id_and_has_missed_nothing(market: Market) -> None:
    url, sku = f"{market.urls[0]}/sse/flash-sales", await market.goods(stock=10)
    async with following(url) as (follower,):
        sale = await a_sale(market, sku)
        last = (await follower.until("flash_sale.started", saleId=sale["id"])).id
    await market.admin.post(f"/api/v1/flash-sales/{sale['id']}/end")
    async with following(url, last_id=last) as (again,):
        first = await again.next()
        assert (first.name, first.says["saleId"]) == ("flash_sale.ended", sale["id"])


async def test_the_price_of_the_sale_is_quoted_charged_and_over_when_it_ends(market: Market) -> None:
    sku = await market.goods(stock=10)
    sale = await a_sale(market, sku)
    during = await market.somebody().order(sku, 2)
    assert (during.status_code, during.json()["totalAmount"]) == (201, 10)
    await market.admin.post(f"/api/v1/flash-sales/{sale['id']}/end")
    after = await market.somebody().order(sku, 2)
    assert (after.status_code, after.json()["totalAmount"]) == (201, 25)


async def test_the_page_of_the_product_shows_the_price_that_counts_while_the_sale_runs(market: Market) -> None:
    sku = await market.goods(stock=10)
    product_id = (await market.nobody.get(f"/api/v1/products?sku={sku}")).json()["items"][0]["id"]

    async def shows(price: float, regular: float | None) -> bool:
        page = (await market.nobody.get(f"/api/v1/products/{product_id}")).json()
        return (page["price"]["amount"], (page["regularPrice"] or {}).get("amount")) == (price, regular)

    assert await market.sees(lambda: shows(12.5, None))
    sale = await a_sale(market, sku, quantity=2)
    assert await market.sees(lambda: shows(5, 12.5))
    off = await market.somebody().order(sku, 2, pays=None)
    assert await market.sees(lambda: shows(12.5, None)), "sold out"
    await market.admin.post(f"/api/v1/orders/{off.json()['id']}/cancel")
    assert await market.sees(lambda: shows(5, 12.5)), "pieces came back"
    await market.admin.post(f"/api/v1/flash-sales/{sale['id']}/end")
    assert await market.sees(lambda: shows(12.5, None))


async def test_only_merchandisers_plan_and_end_sales_and_everybody_sees_them(market: Market) -> None:
    sku = await market.goods(stock=1)
    sale = await a_sale(market, sku)
    body = {"sku": sku, "price": 5, "quantity": 1, "perBuyer": 1, "endsAt": (now() + timedelta(hours=1)).isoformat()}
    assert (await market.somebody("customer").post("/api/v1/flash-sales", body)).status_code == 403
    assert (await market.nobody.post("/api/v1/flash-sales", body)).status_code == 401
    assert (await market.somebody("customer").post(f"/api/v1/flash-sales/{sale['id']}/end")).status_code == 403
    overlapping = await market.somebody("merchandiser").post("/api/v1/flash-sales", body)
    assert (overlapping.status_code, overlapping.json()["type"]) == (409, "/problems/flash-sale-overlaps")
    listed = (await market.nobody.get("/api/v1/flash-sales?limit=100")).json()["items"]
    assert sale["id"] in [one["id"] for one in listed]
