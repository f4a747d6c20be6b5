"""A cart becomes an order: once, at the price that was quoted, or not at all."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import a_delivery
from tests.shoppers import LONDON
from tests.shops import a_call
from tradewind.contexts.carts._domain.cart import CartClosed, NoSuchCart
from tradewind.contexts.carts.add_line.command import AddLine
from tradewind.contexts.carts.change_line.command import ChangeLine
from tradewind.contexts.carts.check_out.agree import CheckoutUnderWay, QuoteExpired, QuoteOutdated, UnknownQuote, agree
from tradewind.contexts.carts.conftest import Shopper
from tradewind.contracts.carts import Agreed, Checkout
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.orders import OrderView
from tradewind.kernel.errors import Conflict
from tradewind.kernel.ids import new_id

ORDERS = "SELECT count(*) FROM orders.orders"
TRAIL = "SELECT actor FROM runtime.audit_entry WHERE action = 'carts.CartCheckedOut' AND subject = $1"
TOLD_FOR = "SELECT correlation_id FROM runtime.outbox WHERE key = $1 AND type LIKE '%checked_out%'"
CART_OF = "SELECT body->>'orderId' FROM carts.cart_event WHERE cart_id = $1 AND type = 'CartCheckedOut'"


async def test_no_token_but_the_right_one_makes_an_order(shopper: Shopper) -> None:
    cart_id, other = await shopper.opens(A=1), await shopper.opens(A=1)
    quote, of_other = await shopper.quotes(cart_id), await shopper.quotes(other)
    for token in ("", "guessed", of_other.token, quote.token[:-1]):
        with pytest.raises(UnknownQuote):
            await shopper.checks_out(cart_id, token)
    for wrong in (new_id(), cart_id):
        with pytest.raises(NoSuchCart):
            await shopper.another().checks_out(wrong, quote.token)
    await shopper.value("UPDATE carts.quote SET expires_at = now()")
    with pytest.raises(QuoteExpired):
        await shopper.checks_out(cart_id, quote.token)
    assert await shopper.value(ORDERS) == 0
    assert await shopper.pieces(cart_id) == {"A": 1}


async def test_a_cart_that_changed_since_voids_its_quote(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    quote = await shopper.quotes(cart_id)
    await shopper.does(ChangeLine(cart_id=cart_id, sku="A", quantity=2))
    with pytest.raises(QuoteOutdated):
        await shopper.checks_out(cart_id, quote.token)
    assert await shopper.value(ORDERS) == 0


async def test_out_of_stock_leaves_the_cart_open_and_the_quote_good(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=10)
    quote = await shopper.quotes(cart_id)
    await a_delivery(shopper.shop, "A", -1)
    with pytest.raises(NotEnoughStock):
        await shopper.checks_out(cart_id, quote.token)
    assert await shopper.value(ORDERS) == 0
    assert (await shopper.snapshot(cart_id)).status == "OPEN"
    await a_delivery(shopper.shop, "A", 1)
    order = await shopper.checks_out(cart_id, quote.token)
    assert order.total_amount == quote.total


async def test_of_many_checkouts_of_one_cart_at_once_one_becomes_an_order(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    tokens = [(await shopper.quotes(cart_id)).token for _ in range(3)]
    tries = [shopper.checks_out(cart_id, token) for token in tokens * 4]
    outcomes: list[Any] = list(await asyncio.gather(*tries, return_exceptions=True))
    orders = [one for one in outcomes if isinstance(one, OrderView)]
    assert len(orders) == 1
    assert all(isinstance(one, Conflict) for one in outcomes if one is not orders[0])
    assert await shopper.value(ORDERS) == 1
    assert await shopper.value(CART_OF, cart_id) == str(orders[0].id)
    assert await shopper.told("cart.checked_out.v1") == 1
    with pytest.raises(CartClosed) as refused:
        await shopper.checks_out(cart_id, tokens[0])
    assert refused.value.facts == {"state": "CHECKED_OUT", "orderId": str(orders[0].id)}


async def test_changing_and_checking_out_at_once_never_sells_what_was_not_quoted(shopper: Shopper) -> None:
    for _ in range(4):
        cart_id = await shopper.opens(A=1)
        quote = await shopper.quotes(cart_id)
        outcomes: tuple[Any, Any] = await asyncio.gather(
            shopper.checks_out(cart_id, quote.token),
            shopper.does(AddLine(cart_id=cart_id, sku="A", quantity=1)),
            return_exceptions=True,
        )
        order, added = outcomes
        if isinstance(order, OrderView):
            assert isinstance(added, CartClosed)
            assert [(item.sku, item.qty) for item in order.items] == [("A", 1)]
        else:
            assert isinstance(order, QuoteOutdated)
            assert await shopper.pieces(cart_id) == {"A": 2}


async def test_the_price_shown_is_the_price_charged_though_it_went_up_meanwhile(shopper: Shopper) -> None:
    guest = shopper.as_guest()
    cart_id = await guest.opens(A=2, B=1)
    quote = await guest.quotes(cart_id, email="Buyer@Shop.test")
    await guest.sees_price("A", 9900)
    order = await guest.checks_out(cart_id, quote.token)
    assert (order.total_amount, order.currency) == (quote.total, quote.currency)
    assert (order.shipping_amount, order.tax_amount, order.discount_amount) == (
        quote.shipping, quote.tax, quote.discount,
    )  # fmt: skip
    assert {item.sku: (item.qty, item.price) for item in order.items} == {
        "A": (2, Decimal("12.50")), "B": (1, Decimal("12.50")),
    }  # fmt: skip
    cart = await guest.snapshot(cart_id)
    assert (cart.status, cart.order_id) == ("CHECKED_OUT", order.id)
    assert await guest.pieces(cart_id) == {"A": 2, "B": 1}
    assert await guest.value("SELECT count(*) FROM carts.quote") == 0
    said = await guest.value("SELECT shipping_address->>'city' FROM orders.orders WHERE id = $1", order.id)
    assert said == LONDON["city"]


async def test_whoever_checks_out_among_others_is_named_in_the_trail_and_in_the_log(shopper: Shopper) -> None:
    buyers = [shopper, shopper.another(), shopper.as_guest()]
    carts = [await one.opens(A=1) for one in buyers]
    tokens = [(await one.quotes(cart_id)).token for one, cart_id in zip(buyers, carts, strict=True)]
    await asyncio.gather(
        *(one.checks_out(cart_id, token) for one, cart_id, token in zip(buyers, carts, tokens, strict=True))
    )
    for one, cart_id in zip(buyers, carts, strict=True):
        assert await shopper.value(TRAIL, str(cart_id)) == one.call.actor.subject
        assert await shopper.value(TOLD_FOR, str(cart_id)) == one.call.correlation_id


async def test_of_one_cart_twice_in_a_batch_the_second_is_told(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    token = (await shopper.quotes(cart_id)).token
    user_id = shopper.call.actor.subject
    wishes = [Checkout(cart_id=cart_id, quote_token=token, order_id=new_id(), user_id=user_id) for _ in range(2)]
    async with shopper.shop.db.transaction(a_call("system")) as tx:
        answers = await agree(tx, wishes)
    assert [type(one) for one in answers] == [Agreed, CheckoutUnderWay]
    assert await shopper.pieces(cart_id) == {"A": 1}
