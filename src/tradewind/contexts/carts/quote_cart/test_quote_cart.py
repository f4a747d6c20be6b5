"""Quotes: what stands in their way, what they promise, and for how long."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import a_product
from tests.shoppers import LONDON
from tests.shops import a_call
from tradewind.api.postal import InvalidAddress
from tradewind.contexts.carts._domain.cart import CartClosed, NoSuchCart
from tradewind.contexts.carts._domain.quote import (
    MAX_LIVE_QUOTES,
    EmailNeeded,
    EmptyCart,
    MixedCurrencies,
    NoCarriage,
    TooManyQuotes,
)
from tradewind.contexts.carts._store.quotes import digest, purge
from tradewind.contexts.carts.add_line.command import AddLine
from tradewind.contexts.carts.conftest import Shopper
from tradewind.contexts.carts.save_for_later.command import SaveForLater
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.kernel.errors import Refusal

QUOTES = "SELECT count(*) FROM carts.quote"
PROFILE = """
    INSERT INTO customers.profile (user_id, version, language, currency, time_zone) VALUES ($1, 0, 'en', 'EUR', 'UTC')
"""
FRIEND = "INSERT INTO customers.customer_group (user_id, name, set_by) VALUES ($1, 'friends', 'a test')"
HALF_FOR_FRIENDS = """
    INSERT INTO pricing.promotion (id, name, state, needs_coupon, terms, created_at, created_by)
    VALUES (gen_random_uuid(), 'Half for friends', 'ACTIVE', false, '{
        "benefit": {"kind": "PERCENTAGE", "percent": "50"}, "conditions": {"customerGroups": ["friends"]}
    }', now(), 'a test')
"""


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"shipping_address": {"country": "GB"}}, InvalidAddress),
        ({"shipping_address": LONDON | {"country": "AQ"}}, NoCarriage),
        ({"shipping_method": "by owl"}, NoCarriage),
        ({"shipping_method": "pickup", "shipping_address": {"country": "FR"}}, NoCarriage),
        ({"email": None}, EmailNeeded),
        ({"email": "nobody"}, EmailNeeded),
        ({"currency": "XTS"}, NoCarriage),
    ],
)
async def test_a_quote_that_cannot_be_kept_is_not_given(
    shopper: Shopper, wish: dict[str, Any], refusal: type[Refusal]
) -> None:
    guest = shopper.as_guest()
    cart_id = await guest.opens(A=1)
    with pytest.raises(refusal):
        await guest.quotes(cart_id, **wish)
    assert await guest.value(QUOTES) == 0


async def test_only_filled_open_carts_of_ones_own_with_goods_that_are_there_are_quoted(shopper: Shopper) -> None:
    cart_id = await shopper.opens()
    with pytest.raises(EmptyCart):
        await shopper.quotes(cart_id)
    await a_product(shopper.shop, "SCARCE", stock=1)
    await shopper.does(AddLine(cart_id=cart_id, sku="SCARCE", quantity=2))
    with pytest.raises(NotEnoughStock) as refused:
        await shopper.quotes(cart_id)
    assert refused.value.facts == {"skus": ["SCARCE"]}
    with pytest.raises(NoSuchCart):
        await shopper.another().quotes(cart_id)
    await shopper.does(SaveForLater(cart_id=cart_id, sku="SCARCE"))
    with pytest.raises(EmptyCart):
        await shopper.quotes(cart_id)
    await shopper.value("UPDATE carts.carts SET status = 'EXPIRED' WHERE id = $1", cart_id)
    with pytest.raises(CartClosed):
        await shopper.quotes(cart_id)
    assert await shopper.value(QUOTES) == 0


async def test_goods_of_two_currencies_are_not_quoted_in_neither(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    await a_product(shopper.shop, "YEN", amount="1000", currency="JPY")
    await shopper.does(AddLine(cart_id=cart_id, sku="YEN", quantity=1))
    with pytest.raises(MixedCurrencies) as refused:
        await shopper.quotes(cart_id)
    assert refused.value.facts == {"currencies": ["EUR", "JPY"]}


async def test_a_quote_adds_up_and_only_a_digest_of_its_token_is_kept(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=2, B=1)
    seen = await shopper.quotes(cart_id)
    goods = sum(((one.price * one.qty) for one in seen.items), Decimal(0))
    assert (goods, seen.shipping, seen.discount) == (Decimal("37.50"), Decimal("5.30"), Decimal(0))
    assert seen.total == goods + seen.shipping + seen.tax - seen.discount == seen.explanation.amount
    row = await shopper.shop.db.pool.fetchrow("SELECT *, expires_at - given_at AS lives FROM carts.quote")
    assert row["digest"] == digest(seen.token)
    assert row["lives"].total_seconds() == 900
    assert (row["cart_version"], row["email"]) == (seen.cart_version, "a@b.test") == (3, "a@b.test")
    trail = await shopper.value("SELECT string_agg(facts::text, '') FROM runtime.audit_entry")
    assert seen.token not in trail
    assert "a@b.test" not in trail


@pytest.mark.parametrize(("pieces", "carriage"), [(2, "5.10"), (3, "0")])
async def test_carriage_is_free_once_the_goods_come_to_the_amount_and_the_quote_adds_up(
    shopper: Shopper, pieces: int, carriage: str
) -> None:
    await shopper.value("UPDATE shipping.rate SET free_from_minor = 3750 RETURNING 1")
    cart_id = await shopper.opens(A=pieces)
    seen = await shopper.quotes(cart_id)
    assert seen.shipping == Decimal(carriage)
    assert seen.total == pieces * Decimal("12.50") + seen.shipping + seen.tax == seen.explanation.amount
    order = await shopper.checks_out(cart_id, seen.token)
    assert (order.shipping_amount, order.total_amount) == (seen.shipping, seen.total)


async def test_a_customers_group_gets_its_price_and_a_guest_does_not(shopper: Shopper) -> None:
    who = shopper.call.actor.subject
    await shopper.value(PROFILE, who)
    await shopper.value(FRIEND, who)
    await shopper.value(HALF_FOR_FRIENDS)
    for one, total in ((shopper, Decimal("6.25")), (shopper.as_guest(), Decimal("12.50"))):
        cart_id = await one.opens(A=1)
        seen = await one.quotes(cart_id, shipping_method="pickup", shipping_address={"country": "GB"})
        assert seen.total - seen.tax == total


async def test_what_is_fetched_needs_a_country_and_no_address_is_kept(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    seen = await shopper.quotes(cart_id, shipping_method="pickup", shipping_address={"country": "GB"})
    assert seen.shipping == 0
    assert await shopper.value("SELECT shipping_address FROM carts.quote") is None


async def test_a_cart_has_so_many_live_quotes_and_a_change_clears_them(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    for _ in range(MAX_LIVE_QUOTES):
        await shopper.quotes(cart_id)
    with pytest.raises(TooManyQuotes):
        await shopper.quotes(cart_id)
    assert await shopper.value(QUOTES) == MAX_LIVE_QUOTES
    await shopper.does(AddLine(cart_id=cart_id, sku="A", quantity=1))
    await shopper.quotes(cart_id)
    assert await shopper.value(QUOTES) == 1


async def test_expired_quotes_go_with_their_addresses(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    await shopper.quotes(cart_id)
    async with shopper.shop.db.transaction(a_call("system")) as tx:
        assert await purge(tx) == 0
    await shopper.value("UPDATE carts.quote SET expires_at = now()")
    async with shopper.shop.db.transaction(a_call("system")) as tx:
        assert await purge(tx) == 1
    assert await shopper.value(QUOTES) == 0
