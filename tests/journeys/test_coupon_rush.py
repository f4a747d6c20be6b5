"""R12: a coupon limited to 100 uses and 1,000 buyers who check out at the same moment: exactly 100."""

import asyncio
from typing import Final

import msgspec
import pytest

from tests.checkouts import a_coupon, a_quoted_cart
from tests.journeys.crowd import Wish, all_at_once, statuses
from tests.markets import Market
from tests.shops import a_call

pytestmark = pytest.mark.xdist_group("journeys")

USES, BUYERS, AT_ONCE = 100, 1_000, 8
USED: Final = """
    SELECT (SELECT count(*) FROM pricing.redemption WHERE code = $1 AND returned_at IS NULL) AS redeemed,
           (SELECT uses FROM pricing.coupon WHERE code = $1) AS counted
"""


async def wishes(market: Market, sku: str, code: str, urls: list[str]) -> list[Wish]:
    """Everybody has a cart, and a quote of it that takes the coupon into account."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> Wish:
        person = market.somebody()
        async with gate:
            call = a_call("guest", subject=person.subject)
            _, cart_id, quote = await a_quoted_cart(market.shop, call, coupons=(code,), **{sku: 1})
        assert quote.coupons == (code,)
        body = {"quoteToken": quote.token, "paymentMethod": "simulated:approve"}
        path = f"/api/v1/carts/{cart_id}/checkout"
        return Wish(urls[n % len(urls)], person.token or "", body, f"rush-{n}", path)

    return await asyncio.gather(*(one(n) for n in range(market.crowd(BUYERS))))


async def test_a_coupon_of_a_hundred_uses_serves_a_hundred_of_a_thousand_buyers_at_once(market: Market) -> None:
    sku = await market.goods(stock=2 * BUYERS)
    code = await a_coupon(market.shop, f"RUSH-{sku}".upper()[:40], uses=USES)
    async with market.another_edge() as second:
        told = await all_at_once(await wishes(market, sku, code, [market.urls[0], second]))
    row = await market.shop.db.pool.fetchrow(USED, code)
    losers = [msgspec.json.decode(one.body) for one in told if one.status != 201]
    print(f"{len(told)} checkouts with a coupon of {USES} uses, 2 edges: {statuses(told)}; {dict(row)}")
    assert statuses(told) == {201: USES, 409: market.crowd(BUYERS) - USES}
    assert {(problem["type"], problem["code"]) for problem in losers} == {("/problems/coupon-spent", code)}
    assert (row["redeemed"], row["counted"]) == (USES, USES)
    assert "deadlock" not in market.logs()
