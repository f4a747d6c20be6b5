"""Carts, coupons, prices and reviews: what is on its way, or was allowed when it happened, is no violation."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from tests.audit.conftest import Place, red
from tests.audit.plants.plant import COUPONS, HEARD, RATINGS, TOLD, USES
from tests.audit.shopping import MERCHANT, TEN_PER_CENT, a_cart, checked_out
from tests.builders import a_product
from tests.checkouts import Quoted, a_quoted_cart
from tests.shoppers import Shopper
from tests.shops import Shop, a_call, open_shop, until
from tradewind.app.audit import audit
from tradewind.app.settings import Settings
from tradewind.contexts.carts.manifest import MANIFEST as CARTS
from tradewind.contexts.carts.manifest import OpenCart
from tradewind.contexts.customers.manifest import ErasePerson
from tradewind.contexts.pricing.manifest import (
    ActivatePromotion,
    CreatePriceBook,
    CreatePromotion,
    EnterPrices,
    MakeCoupons,
    PublishPriceBook,
    SetPrice,
)
from tradewind.contexts.reviews.manifest import ModerateReview
from tradewind.runtime.call import internal_call

RETURN = """
    UPDATE pricing.redemption SET returned_at = NULL WHERE order_id = '{off}';
    UPDATE pricing.coupon SET uses = uses + 1
        WHERE code = (SELECT code FROM pricing.redemption WHERE order_id = '{off}');
    UPDATE pricing.coupon_batch SET uses = uses + 1; UPDATE pricing.promotion SET uses = uses + 1;
    UPDATE runtime.position SET stamp = 0, position = 0 WHERE subscriber = 'pricing.on_order_called_off';
    UPDATE runtime.outbox SET occurred_at = now()
"""
UNCLAIM = """
    UPDATE pricing.redemption SET customer_id = 'guest-1' WHERE order_id = '{guests}';
    UPDATE runtime.position SET stamp = 0, position = 0 WHERE subscriber = 'pricing.on_buyer_known';
    UPDATE runtime.outbox SET occurred_at = now()
"""
LOWER = """
    UPDATE pricing.promotion SET max_uses = 1, max_per_customer = 1;
    INSERT INTO runtime.audit_entry (actor, action, subject, correlation_id, facts)
    VALUES ('merchant', 'pricing.change_promotion', '{promotion}', 'c', '{{}}')
"""
SWAP = """
    UPDATE runtime.outbox AS e SET stamp = first.stamp - 1
    FROM (SELECT min(stamp) AS stamp FROM runtime.outbox WHERE key = '{lamp}'
          AND payload->>'reviewId' = '{review_of_buyer}') AS first
    WHERE e.payload->>'reviewId' = '{review_of_waverer}' AND e.type = 'ecommerce.rating.review.created.v1'
"""
ERASED_USE = "SELECT customer_id = 'erased' FROM pricing.redemption WHERE order_id = $1"


def in_flight(report: Any) -> dict[str, int]:
    return {check.name: check.in_flight for check in report.checks if check.in_flight}


@pytest.mark.parametrize("unheard", [RETURN, UNCLAIM], ids=["given back", "claimed"])
async def test_what_pricing_has_yet_to_hear_of_a_coupon_is_in_flight(unheard: str, copy: Place) -> None:
    await copy.run(copy.named(unheard))
    report = await copy.audit()
    assert report.ok, report.lines()
    assert in_flight(report)[USES] == 1
    assert red(await copy.audit(settle_s=0.2)) == [HEARD], "the auditor that was told to wait names who does not hear"


async def test_a_limit_that_was_lowered_afterwards_accuses_nobody(copy: Place) -> None:
    await copy.run(copy.named(LOWER))
    assert (await copy.audit()).ok
    await copy.run("UPDATE pricing.redemption SET redeemed_at = now() + interval '1 min'")
    assert red(await copy.audit()) == [COUPONS]


async def test_what_a_guest_left_to_a_user_counts_towards_no_customers_limit(copy: Place) -> None:
    await copy.run("UPDATE pricing.coupon SET max_per_customer = 1; UPDATE pricing.redemption SET customer_id = 'ada'")
    assert COUPONS not in red(await copy.audit())


async def test_two_reviews_of_one_product_may_be_told_at_the_same_moment(copy: Place) -> None:
    await copy.run(copy.named(SWAP))
    assert (await copy.audit()).ok


async def test_a_review_that_is_yet_to_be_counted_is_in_flight(copy: Place, settings: Settings) -> None:
    async with open_shop(settings, copy.found, connections=2) as shop:
        told = ModerateReview(review_id=copy.things["review_of_spammer"], accepted=True)
        await shop.dispatch(told, MERCHANT)
        report = await copy.audit()
    assert report.ok, report.lines()
    assert in_flight(report)[RATINGS] == 1


async def test_prices_that_wait_to_be_told_are_in_flight(copy: Place, settings: Settings) -> None:
    async with open_shop(settings, copy.found, connections=2) as shop:
        book = (await shop.dispatch(CreatePriceBook(name="winter", currency="EUR"), MERCHANT)).id
        wish = {"book_id": book, "entries": [{"sku": "ROPE", "amount": "1.00"}]}
        await shop.dispatch(msgspec.convert(wish, EnterPrices), MERCHANT)
        await shop.dispatch(PublishPriceBook(book_id=book), MERCHANT)
        report = await copy.audit()
    assert report.ok, report.lines()
    assert in_flight(report)[TOLD] == 1
    await copy.run("DELETE FROM pricing.price_due")
    assert red(await copy.audit()) == [TOLD]


async def test_an_override_that_has_just_ended_is_in_flight_and_one_that_ended_long_ago_is_not(copy: Place) -> None:
    await copy.run("UPDATE pricing.windows_seen SET until = '2000-01-01'")
    long_ago = "UPDATE pricing.price_override SET set_at = '2001-01-01', until = now() - interval '{} s'"
    await copy.run(long_ago.format(5))
    report = await copy.audit()
    assert report.ok, report.lines()
    assert in_flight(report)[TOLD] == 1
    await copy.run(long_ago.format(300))
    assert red(await copy.audit()) == [TOLD]


async def test_carts_that_were_left_alone_or_closed_are_clean(copy: Place, settings: Settings) -> None:
    async with open_shop(settings, copy.found, connections=2) as shop:
        await shop.dispatch(OpenCart(), a_call("guest"))
        for timer in CARTS.timers:
            await copy.run("UPDATE carts.carts SET touched_at = touched_at - interval '20 days'")
            async with shop.db.transaction(internal_call(timer.name)) as tx:
                await timer.run(tx)
        await shop.dispatch(OpenCart(), a_call("guest"))
    ended = "SELECT count(*) FROM carts.carts WHERE status = 'EXPIRED' AND abandoned_at IS NOT NULL"
    connection = await asyncpg.connect(copy.found.database_url)
    found = await connection.fetchval("SELECT array_agg(DISTINCT type) FROM carts.cart_event")
    assert {"CartAbandoned", "CartExpired"} <= set(found)
    assert await connection.fetchval(ended) > 0
    await connection.close()
    report = await copy.audit()
    assert report.ok, report.lines()


async def a_code(shop: Shop, code: str) -> str:
    made: UUID = (await shop.dispatch(msgspec.convert(TEN_PER_CENT, CreatePromotion), MERCHANT)).id
    await shop.dispatch(ActivatePromotion(promotion_id=made), MERCHANT)
    await shop.dispatch(MakeCoupons(promotion_id=made, code=code), MERCHANT)
    return code


async def test_a_buyer_who_was_forgotten_leaves_clean_books(working_shop: Shop) -> None:
    await a_product(working_shop, "LAMP")
    await a_code(working_shop, "TEN")
    ben = a_call("customer", subject="ben")
    order = await checked_out(working_shop, await a_quoted_cart(working_shop, ben, coupons=("TEN",), LAMP=1), "decline")
    await a_cart(working_shop, ben, LAMP=2)
    await working_shop.dispatch(ErasePerson(confirm="ben", user_id="ben"), a_call("admin"))
    assert await until(working_shop, lambda: working_shop.db.pool.fetchval(ERASED_USE, order))
    report = await audit(working_shop.engines.database_url, None, settle_s=20)
    assert report.ok, report.lines()
    checked = {check.name: check.checked for check in report.checks}
    assert (checked["carts fold to the row"], checked["carts agree with orders"], checked[USES]) == (0, 1, 1)


@pytest.mark.parametrize(("currency", "before", "after"), [("JPY", "1500", "1234"), ("KWD", "1.234", "0.005")])
async def test_money_of_other_digits_is_compared_as_it_is(
    currency: str, before: str, after: str, working_shop: Shop
) -> None:
    await a_product(working_shop, "LAMP", amount=before, currency=currency)
    product = await working_shop.db.pool.fetchval("SELECT id FROM catalog.products")
    price = SetPrice(product_id=product, amount=Decimal(after), currency=currency, reason="the season")
    await working_shop.dispatch(price, MERCHANT)
    shopper = Shopper(working_shop, a_call("guest"))
    cart_id = await a_cart(working_shop, shopper.call, LAMP=3)
    quote = await shopper.quotes(cart_id, shipping_method="pickup")
    await checked_out(working_shop, Quoted(shopper.call, cart_id, quote))
    report = await audit(working_shop.engines.database_url, None, settle_s=20)
    assert report.ok, report.lines()
