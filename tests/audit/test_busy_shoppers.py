"""While shoppers fill carts, log in, buy with coupons, review and see prices change, nobody is accused of anything."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from tests.audit.conftest import Place, rest
from tests.audit.shopping import MERCHANT, a_cart, checked_out
from tests.checkouts import a_coupon, a_quoted_cart
from tests.shops import Shop, a_call, open_shop, working
from tradewind.app.settings import Settings
from tradewind.contexts.pricing.manifest import OverridePrice, SetPrice
from tradewind.contexts.reviews.manifest import ModerateReview, VoteOnReview, Words, WriteReview
from tradewind.contracts.identity import GuestMerged
from tradewind.contracts.pricing import CouponSpent
from tradewind.runtime.call import internal_call

CODE = "RUSH"
SHOPPERS = 24


async def shop_about(shop: Shop, number: int, lamp: UUID) -> None:
    """One shopper's day: a cart bought as a guest, one left, a login that merges, a review that others vote on."""
    guest, user = f"guest-of-{number}", f"user-{number}"
    method = ("approve", "decline", "slow-50", "lost-capture")[number % 4]
    quoted = await a_quoted_cart(shop, a_call("guest", subject=guest), coupons=(CODE,), LAMP=1, TENT=2)
    with suppress(CouponSpent):
        await checked_out(shop, quoted, method)
    await a_cart(shop, a_call("guest", subject=guest), ROPE=1)
    async with shop.db.transaction(internal_call("test")) as tx:
        tx.tell(GuestMerged(user_id=user, guest_id=guest))
    review = (await shop.dispatch(WriteReview(product_id=lamp, words=Words(stars=4)), a_call(subject=user))).id
    await shop.dispatch(ModerateReview(review_id=review, accepted=number % 3 > 0), MERCHANT)
    if number % 3:
        await shop.dispatch(VoteOnReview(review_id=review, helpful=True), a_call(subject="ada"))


async def change_prices(shop: Shop, rope: UUID) -> None:
    """List prices and overrides in turn."""
    for cents in range(1, 20):
        price = Decimal(10) + Decimal(cents) / 100
        await shop.dispatch(SetPrice(product_id=rope, amount=price, currency="EUR", reason="rush"), MERCHANT)
        over = OverridePrice(product_id=rope, amount=price - 2, currency="EUR", reason="rush")
        await shop.dispatch(over, MERCHANT)


async def test_shoppers_at_work_are_never_accused(own_copy: Place, settings: Settings) -> None:
    async with (
        open_shop(replace(settings, provider_timeout_s=0.3), own_copy.found, connections=6) as shop,
        working(shop),
    ):
        await a_coupon(shop, CODE, uses=8)
        find = "SELECT product_id FROM pricing.product_facts WHERE sku = $1"
        lamp, rope = [await shop.db.pool.fetchval(find, sku) for sku in ("LAMP", "ROPE")]
        days = [shop_about(shop, number, lamp) for number in range(SHOPPERS)]
        busy = asyncio.gather(change_prices(shop, rope), *days)
        audits = 0
        while audits < 3 or not busy.done():
            report = await own_copy.audit()
            assert report.ok, report.lines()
            audits += 1
        await busy
        await rest(shop)
        report = await own_copy.audit(settle_s=20)
    assert report.ok, report.lines()
    checked = {check.name: check.checked for check in report.checks}
    assert checked["reviews"] == SHOPPERS + 4
    assert checked["coupon uses"] >= 8
