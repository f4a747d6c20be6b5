"""An order that waits keeps the prices that it was placed at, and says which of them are others by now."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.builders import a_product, seen
from tests.shops import Shop, a_call, until
from tradewind.contexts.orders._projections.product_prices import product_prices
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.orders.pay_order.command import PayOrder
from tradewind.contexts.pricing.set_price.command import SetPrice
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.runtime.subscriptions import Told

STAFF = a_call("admin")
PRODUCT = "SELECT id FROM catalog.products WHERE sku = $1"
PRICE = "SELECT amount_minor, currency FROM orders.product_price WHERE product_id = $1"


async def price(shop: Shop, sku: str, amount: str) -> None:
    """From now on it costs so much, and orders has heard so."""
    product_id = await shop.db.pool.fetchval(PRODUCT, sku)
    await shop.dispatch(SetPrice(product_id=product_id, amount=Decimal(amount), currency="EUR", reason="a test"), STAFF)

    async def heard() -> bool:
        row = await shop.db.pool.fetchrow(PRICE, product_id)
        return row is not None and row["amount_minor"] == int(Decimal(amount) * 100)

    await until(shop, heard)


async def test_an_order_that_waits_keeps_its_price_and_says_what_it_is_now(working_shop: Shop) -> None:
    await a_product(working_shop, "KEPT", amount="12.50")
    await a_product(working_shop, "SAME", amount="3.00")
    items = (OrderLine(sku="KEPT", qty=2), OrderLine(sku="SAME", qty=1))
    order = await working_shop.dispatch(PlaceOrder(items=items, shipping_address={"country": "DE"}), STAFF)
    assert (await seen(working_shop, order.id)).kept_prices is None
    await price(working_shop, "KEPT", "14.00")
    shown = await seen(working_shop, order.id)
    assert shown.total_amount == order.total_amount
    (one,) = shown.kept_prices or ()
    assert (one.sku, one.price, one.price_now) == ("KEPT", Decimal("12.50"), Decimal("14.00"))
    await price(working_shop, "KEPT", "12.50")
    assert (await seen(working_shop, order.id)).kept_prices is None, "it costs again what it cost"
    await price(working_shop, "KEPT", "9.00")
    await working_shop.dispatch(PayOrder(order_id=order.id, payment_method="simulated:approve"), STAFF)

    async def paid() -> bool:
        return (await seen(working_shop, order.id)).status == "PAID"

    await until(working_shop, paid)
    bought = await seen(working_shop, order.id)
    assert (bought.total_amount, bought.kept_prices) == (order.total_amount, None), "what it cost is history"
    later = await working_shop.dispatch(PlaceOrder(items=items, shipping_address={"country": "DE"}), STAFF)
    assert (await seen(working_shop, later.id)).kept_prices is None, "it was placed at that price"


async def test_of_what_is_heard_late_or_twice_the_last_word_counts(shop: Shop) -> None:
    product_id, at = new_id(), now()

    def told(amount: str, position: int) -> Any:
        event = ProductPriceChanged(
            product_id=product_id, sku="KEPT", amount=Decimal(amount), currency="EUR", valid_from=at
        )
        return Told(event, new_id(), at + timedelta(seconds=position), position)

    for heard in ([told("2.00", 2), told("1.00", 1)], [told("1.00", 1)], [told("2.00", 2)]):
        async with shop.db.transaction(a_call("system")) as tx:
            await product_prices.react(heard, tx)
        row = await shop.db.pool.fetchrow(PRICE, product_id)
        assert (row["amount_minor"], row["currency"]) == (200, "EUR")
