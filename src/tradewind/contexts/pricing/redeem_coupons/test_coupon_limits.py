"""However many come at once, no limit of a coupon is exceeded, and what is called off is given back (R12)."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.pricing._store import redemptions
from tradewind.contexts.pricing._subscribers.on_order_called_off import on_order_called_off
from tradewind.contexts.pricing.list_coupons.query import ListCoupons
from tradewind.contracts.orders import OrderCancelled, OrderFailed
from tradewind.contracts.pricing import CouponSpent, PricingPeer, Redemption
from tradewind.kernel.errors import Conflict
from tradewind.kernel.ids import new_id

USES = "SELECT count(*) FROM pricing.redemption WHERE returned_at IS NULL"


def by(customer: str, *codes: str) -> Redemption:
    return Redemption(order_id=new_id(), customer_id=customer, coupons=codes)


async def redeem(shop: Any, wanted: Sequence[Redemption]) -> list[Conflict | None]:
    """As placing an order does: decide, hold goods, then count those who were served."""
    async with shop.db.transaction(a_call("system")) as tx:
        pricing = tx.peer(PricingPeer)
        outcomes = list(await pricing.redeem(tx, wanted))
        served = [one for one, refused in zip(wanted, outcomes, strict=True) if refused is None]
        pricing.redeemed(tx, served)
    return outcomes


async def at_once(shop: Any, wanted: Sequence[Redemption], size: int) -> list[Conflict | None]:
    batches = [wanted[at : at + size] for at in range(0, len(wanted), size)]
    answers = await asyncio.gather(*(redeem(shop, batch) for batch in batches))
    return [outcome for answer in answers for outcome in answer]


async def call_off(shop: Any, *orders: Any, failed: bool = False) -> None:
    events = [
        OrderFailed(order_id=order_id, cause="x")
        if failed
        else OrderCancelled(order_id=order_id, reason="x", total_amount=Decimal(1), currency="EUR")
        for order_id in orders
    ]
    async with shop.db.transaction(a_call("system")) as tx:
        await on_order_called_off.react(events, tx)


async def test_a_code_that_does_not_exist_is_spent_for_everybody(shop: Any) -> None:
    (refused,) = await redeem(shop, [by("ada", "NOBODY")])
    assert isinstance(refused, CouponSpent)
    assert refused.facts == {"code": "NOBODY"}
    assert await shop.db.pool.fetchval(USES) == 0


async def test_whoever_lacks_one_of_two_codes_gets_neither(shop: Any, promotion: Any, codes: Any) -> None:
    one, other = await promotion(needs_coupon=True), await promotion(needs_coupon=True)
    await codes(one, code="ONE", max_uses=1)
    await codes(other, code="TWO", max_uses=1)
    outcomes = await redeem(shop, [by("ada", "TWO"), by("ben", "ONE", "TWO"), by("cem", "ONE")])
    assert [refused and refused.facts for refused in outcomes] == [None, {"code": "TWO"}, None]


async def test_of_a_thousand_at_once_exactly_a_hundred_use_a_coupon_that_is_for_a_hundred(
    shop: Any, promotion: Any, codes: Any
) -> None:
    made = await promotion(needs_coupon=True)
    await codes(made, code="hundred", max_uses=100)
    wanted = [by(f"buyer {n}", "HUNDRED") for n in range(1_000)]
    outcomes = await at_once(shop, wanted, 25)
    assert outcomes.count(None) == 100
    assert sum(isinstance(refused, CouponSpent) for refused in outcomes) == 900
    assert await shop.db.pool.fetchval(USES) == 100
    page = await shop.dispatch(ListCoupons(promotion_id=made.id), a_call("merchandiser"))
    assert [(one.code, one.uses) for one in page.items] == [("HUNDRED", 100)]


async def test_without_the_lock_on_the_promotion_a_coupon_is_overused_and_it_is_seen(
    shop: Any, promotion: Any, codes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redemptions, "HOLD", "SELECT 1 WHERE $1::text[] IS NOT NULL")
    made = await promotion(needs_coupon=True)
    await codes(made, code="TWENTY", max_uses=20)
    together, waiting = asyncio.Event(), 0

    async def careless(batch: Sequence[Redemption]) -> None:
        nonlocal waiting
        async with shop.db.transaction(a_call("system")) as tx:
            pricing = tx.peer(PricingPeer)
            outcomes = await pricing.redeem(tx, batch)
            waiting += 1
            if waiting == 4:
                together.set()
            await together.wait()
            pricing.redeemed(tx, [one for one, no in zip(batch, outcomes, strict=True) if no is None])

    await asyncio.gather(*(careless([by(f"buyer {turn} {n}", "TWENTY") for n in range(10)]) for turn in range(4)))
    assert await shop.db.pool.fetchval(USES) == 40


async def test_two_codes_of_one_promotion_share_its_limit(shop: Any, promotion: Any, codes: Any) -> None:
    made = await promotion(needs_coupon=True, max_uses=50)
    for code in ("LEFT", "RIGHT"):
        await codes(made, code=code)
    wanted = [by(f"buyer {n}", ("LEFT", "RIGHT")[n % 2]) for n in range(200)]
    outcomes = await at_once(shop, wanted, 20)
    assert outcomes.count(None) == 50
    assert await shop.db.pool.fetchval(USES) == 50


async def test_codes_that_were_made_together_share_one_limit(shop: Any, promotion: Any, codes: Any) -> None:
    made = await promotion(needs_coupon=True)
    batch = await codes(made, count=40, prefix="fair-", max_uses=30, max_uses_each=1)
    assert len(set(batch)) == 40
    assert all(code.startswith("FAIR-") for code in batch)
    wanted = [by(f"buyer {n}", batch[n % 40]) for n in range(120)]
    outcomes = await at_once(shop, wanted, 10)
    assert outcomes.count(None) == 30
    assert await shop.db.pool.fetchval("SELECT max(uses) FROM pricing.coupon") == 1


async def test_a_customer_uses_no_more_than_a_customer_may(shop: Any, promotion: Any, codes: Any) -> None:
    made = await promotion(needs_coupon=True, max_per_customer=2)
    for code in ("LEFT", "RIGHT"):
        await codes(made, code=code)
    wanted = [by(("ada", "ben")[n % 2], ("LEFT", "RIGHT")[n // 2 % 2]) for n in range(40)]
    outcomes = await at_once(shop, wanted, 5)
    assert outcomes.count(None) == 4
    rows = await shop.db.pool.fetch("SELECT customer_id, count(*) FROM pricing.redemption GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in rows] == [("ada", 2), ("ben", 2)]


async def test_an_order_that_is_called_off_gives_its_coupon_back_once(shop: Any, promotion: Any, codes: Any) -> None:
    made = await promotion(needs_coupon=True, max_uses=3)
    await codes(made, code="THREE", max_per_customer=1)
    first, second, third = by("ada", "THREE"), by("ben", "THREE"), by("cem", "THREE")
    assert await redeem(shop, [first, second, third]) == [None, None, None]
    assert isinstance((await redeem(shop, [by("dan", "THREE")]))[0], CouponSpent)
    await call_off(shop, first.order_id)
    await call_off(shop, first.order_id, second.order_id, new_id(), failed=True)
    await call_off(shop, first.order_id, second.order_id)
    assert await shop.db.pool.fetchval("SELECT uses FROM pricing.promotion") == 1
    outcomes = await redeem(shop, [by("cem", "THREE"), by("ada", "THREE"), by("eve", "THREE"), by("fay", "THREE")])
    assert [refused is None for refused in outcomes] == [False, True, True, False]
    assert await shop.db.pool.fetchval("SELECT uses FROM pricing.coupon") == 3
