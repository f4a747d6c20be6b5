"""Orders by a cart's quote: the price shown is the price charged, once, or the buyer is told why not."""

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.builders import a_delivery, a_product
from tests.checkouts import LONDON, a_coupon, a_quoted_cart, check_out
from tests.shops import Shop, a_call, open_shop
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.command import PlaceOrder, QuoteRef, UnfitOrder
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.orders import OrderView
from tradewind.contracts.pricing import CouponSpent
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.errors import Conflict, NotFound, Refusal
from tradewind.kernel.ids import new_id

COUNTS = """
    SELECT (SELECT count(*) FROM orders.orders), (SELECT count(*) FROM runtime.outbox),
           (SELECT count(*) FROM runtime.saga), (SELECT count(*) FROM inventory.reservation),
           (SELECT count(*) FROM pricing.redemption),
           (SELECT count(*) FROM carts.carts WHERE status = 'CHECKED_OUT')
"""
BILL = """
    SELECT items_minor, shipping_minor, tax_minor, discount_minor, total_minor, shipping_method, email, email_digest,
           guest, shipping_address::text AS address
    FROM orders.orders WHERE id = $1
"""
USED = """
    SELECT (SELECT count(*) FROM pricing.redemption WHERE returned_at IS NULL),
           (SELECT uses FROM pricing.coupon WHERE code = 'RUSH'), (SELECT count(*) FROM orders.orders)
"""


async def counts(shop: Shop) -> tuple[Any, ...]:
    return tuple(await shop.db.pool.fetchrow(COUNTS))


async def test_an_order_without_lines_and_without_a_quote_is_none(shop: Shop) -> None:
    with pytest.raises(UnfitOrder):
        await shop.dispatch(PlaceOrder(), a_call())
    assert await counts(shop) == (0, 0, 0, 0, 0, 0)


async def test_a_token_that_nobody_gave_or_somebody_elses_cart_orders_nothing(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    quoted = await a_quoted_cart(shop, BOOK=2)
    before = await counts(shop)
    wrong = PlaceOrder(quote=QuoteRef(cart_id=quoted.cart_id, token="made up"))
    with pytest.raises(Conflict):
        await shop.dispatch(wrong, quoted.call)
    with pytest.raises(NotFound):
        await shop.dispatch(quoted.order(), a_call("guest"))
    with pytest.raises(NotFound):
        await shop.dispatch(PlaceOrder(quote=QuoteRef(cart_id=new_id(), token="x")), quoted.call)
    assert await counts(shop) == before


async def test_what_was_quoted_is_what_is_charged_though_prices_change_meanwhile(shop: Shop) -> None:
    await a_product(shop, "BOOK", amount="12.49", currency="GBP")
    await a_product(shop, "PEN", amount="0.99", currency="GBP")
    await a_coupon(shop, "TEN")
    quoted = await a_quoted_cart(shop, coupons=("TEN",), BOOK=2, PEN=3)
    await shop.db.pool.execute("UPDATE pricing.product_price_history SET amount_minor = 99999")
    order = await check_out(shop, quoted)
    quote = quoted.quote
    assert (order.total_amount, order.discount_amount, order.tax_amount, order.shipping_amount) == (
        quote.total, quote.discount, quote.tax, quote.shipping,
    )  # fmt: skip
    assert order.discount_amount > 0
    assert [(item.sku, item.qty, item.price) for item in order.items] == [
        (one.sku, one.qty, one.price) for one in quote.items
    ]
    row = await shop.db.pool.fetchrow(BILL, order.id)
    assert row["total_minor"] == int(quote.total * 100)
    assert row["total_minor"] == row["items_minor"] + row["shipping_minor"] + row["tax_minor"] - row["discount_minor"]


async def test_where_it_goes_and_who_is_told_come_from_the_quote_and_the_address_is_in_no_event(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    quoted = await a_quoted_cart(shop, BOOK=1)
    order = await check_out(shop, quoted)
    row = await shop.db.pool.fetchrow(BILL, order.id)
    async with shop.db.reading(quoted.call) as tx:
        digest = tx.peer(Pseudonyms).of("ada@example.org")
    assert (row["email"], row["email_digest"], row["guest"]) == ("ada@example.org", digest, True)
    assert row["shipping_method"] == order.shipping_method == "standard"
    assert msgspec.json.decode(row["address"]).items() >= {"country": "GB", "line1": LONDON["line1"]}.items()
    for table in ("runtime.outbox", "runtime.audit_entry", "runtime.saga", "runtime.idempotency"):
        said = await shop.db.pool.fetch(f"SELECT t::text AS row FROM {table} AS t")
        assert not [one for one in said if "ada@" in one["row"] or "Main Street" in one["row"]]


async def test_a_look_at_the_order_shows_discount_tax_and_shipping(shop: Shop) -> None:
    await a_product(shop, "BOOK", currency="GBP")
    await a_coupon(shop, "TEN")
    quoted = await a_quoted_cart(shop, coupons=("TEN",), BOOK=2)
    placed = await check_out(shop, quoted)
    seen: OrderView = await shop.dispatch(GetOrder(order_id=placed.id), quoted.call)
    assert (seen.discount_amount, seen.shipping_method) == (quoted.quote.discount, "standard")
    assert seen.total_amount == Decimal(25) + seen.shipping_amount + seen.tax_amount - seen.discount_amount


async def test_a_quote_is_used_once_however_many_ask_at_once(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=100)
    quoted = await a_quoted_cart(shop, BOOK=1)
    asked = [check_out(shop, quoted, key=f"k{n}") for n in range(20)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, OrderView) for one in outcomes) == 1
    assert all(isinstance(one, OrderView | Conflict) for one in outcomes)
    with pytest.raises(Conflict):
        await check_out(shop, quoted, key="late")
    assert (await counts(shop))[0] == 1


async def test_the_same_key_gets_the_same_answer_in_any_process_though_the_quote_is_spent(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=1)
    quoted = await a_quoted_cart(shop, BOOK=1)
    first = await check_out(shop, quoted, key="k")
    async with open_shop(shop.settings, shop.engines, connections=4) as other:
        again = await asyncio.gather(*(check_out(other, quoted, key="k") for _ in range(5)))
    assert {msgspec.json.encode(one) for one in again} == {msgspec.json.encode(first)}
    assert (await counts(shop))[0] == 1


async def test_goods_that_are_gone_leave_the_quote_and_its_coupon_as_they_were(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=1)
    await a_coupon(shop, "TEN", uses=1)
    one = await a_quoted_cart(shop, BOOK=1)
    other = await a_quoted_cart(shop, coupons=("TEN",), BOOK=1)
    await check_out(shop, one)
    before = await counts(shop)
    with pytest.raises(NotEnoughStock):
        await check_out(shop, other)
    assert await counts(shop) == before
    await a_delivery(shop, "BOOK", 1)
    assert (await check_out(shop, other)).total_amount == other.quote.total


async def test_who_lost_a_coupon_to_an_order_without_goods_gets_it_after_all(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=1)
    await a_product(shop, "PEN", stock=5)
    await a_coupon(shop, "TEN", uses=1)
    first = await a_quoted_cart(shop, coupons=("TEN",), BOOK=1)
    second = await a_quoted_cart(shop, coupons=("TEN",), PEN=1)
    await check_out(shop, await a_quoted_cart(shop, BOOK=1))
    outcomes = await asyncio.gather(check_out(shop, first), check_out(shop, second), return_exceptions=True)
    assert isinstance(outcomes[0], NotEnoughStock)
    assert isinstance(outcomes[1], OrderView)


async def test_checkouts_share_round_trips_and_plain_orders_pay_for_none(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=100)
    quoted = [await a_quoted_cart(shop, BOOK=1) for _ in range(30)]
    statements: list[str] = []
    held = [await shop.db.pool.acquire() for _ in range(shop.db.pool.get_size())]
    for connection in held:
        connection.add_query_logger(lambda query: statements.append(query.query))
        await shop.db.pool.release(connection)
    await asyncio.gather(*(check_out(shop, one, key=f"k{n}") for n, one in enumerate(quoted)))
    batches = sum(1 for one in statements if one.startswith("BEGIN"))
    others = [one for one in statements if not any(word in one for word in ("pg_notify", "jit", "typeinfo"))]
    assert len(others) <= 5 * batches, statements
    assert batches < 8


async def test_a_coupon_of_a_hundred_uses_and_a_thousand_buyers_at_once_is_used_a_hundred_times(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=2_000)
    await a_coupon(shop, "RUSH", uses=100, per_customer=1)
    wished = (a_quoted_cart(shop, coupons=("RUSH",), BOOK=1) for _ in range(1_000))
    quoted = [await one for one in wished]
    outcomes = await asyncio.gather(*(check_out(shop, one) for one in quoted), return_exceptions=True)
    assert sum(isinstance(one, OrderView) for one in outcomes) == 100
    losers = [one for one in outcomes if isinstance(one, Refusal)]
    assert len(losers) == 900
    assert all(isinstance(one, CouponSpent) and one.facts == {"code": "RUSH"} for one in losers)
    assert tuple(await shop.db.pool.fetchrow(USED)) == (100, 100, 100)
