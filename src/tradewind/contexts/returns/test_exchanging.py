"""Exchanges: what was taken back goes out anew, at what it cost, or the buyer has the money; in one transaction."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_delivery, a_product, seen
from tests.comebacks import STAFF, a_delivered_order, asked, comes_to, inspected, received
from tests.edits import comes_to as order_comes_to
from tests.edits import money, stock, violations
from tests.shops import Shop
from tradewind.contexts.returns._domain.returned import Line, NotReturnable
from tradewind.contexts.returns.manifest import InspectReturn
from tradewind.contexts.returns.request_return.command import UnfitExchange
from tradewind.kernel.lifecycle import IllegalMove

ORDERS = "SELECT count(*) FROM orders.orders"
SHIPMENTS = "SELECT count(*) FROM shipping.shipments"
BUYERS = "SELECT count(DISTINCT user_id), count(DISTINCT shipping_address::text) FROM orders.orders"
DEAR = "UPDATE pricing.product_price_history SET amount_minor = 9900 WHERE sku = 'BOOK' AND valid_to IS NULL"
BY = "UPDATE orders.orders SET payment_method = $1"


async def sold(shop: Shop, qty: int = 3) -> UUID:
    """A delivered order of books at 12.50; there were ten, and there are ten pens at 3.00."""
    await a_product(shop, "BOOK")
    await a_product(shop, "PEN", amount="3.00")
    return await a_delivered_order(shop, "BOOK", qty)


async def replacement(shop: Shop, settled: Any, status: str = "PAID") -> Any:
    """The order that went out, once it has come so far."""
    await order_comes_to(shop, settled.replacement_order_id, status)
    return await seen(shop, settled.replacement_order_id)


async def test_what_is_not_sold_or_is_more_than_comes_back_is_refused_and_nothing_is_written(
    working_shop: Shop,
) -> None:
    order_id = await sold(working_shop)
    await a_product(working_shop, "YEN", amount="500", currency="JPY")
    for exchange in ({"NOTHING": 1}, {"YEN": 1}, {"BOOK": 1, "PEN": 2}):
        with pytest.raises(UnfitExchange):
            await asked(working_shop, order_id, "BOOK", 2, **exchange)
    assert await working_shop.db.pool.fetchval("SELECT count(*) FROM returns.returns") == 0


async def test_the_same_thing_goes_out_at_what_it_cost_and_the_difference_is_none(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    back = await received(working_shop, order_id, "BOOK", 2, BOOK=2)
    await working_shop.db.pool.execute(DEAR)
    settled = await inspected(working_shop, back, written_off=2)
    order = await replacement(working_shop, settled)
    await comes_to(working_shop, back.id, "REFUNDED")
    assert order.total_amount == settled.refund_amount
    assert [(line.sku, line.qty) for line in order.items] == [("BOOK", 2)]
    assert await money(working_shop, order_id) + await money(working_shop, order.id) == 3750
    assert await stock(working_shop, "BOOK") == (5, 0)
    assert await working_shop.db.pool.fetchval(SHIPMENTS) == 2


async def test_another_thing_costs_what_it_costs_now_and_only_what_is_taken_back_goes_out(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    back = await received(working_shop, order_id, "BOOK", 3, PEN=3)
    settled = await inspected(working_shop, back, restocked=1, written_off=1, refused=1)
    order = await replacement(working_shop, settled)
    await comes_to(working_shop, back.id, "REFUNDED")
    assert [(line.sku, line.qty) for line in order.items] == [("PEN", 2)]
    assert await money(working_shop, order_id) + await money(working_shop, order.id) == 1250 + 600
    assert (await stock(working_shop, "BOOK"), await stock(working_shop, "PEN")) == ((8, 0), (8, 0))
    assert await violations(working_shop) == []


async def test_who_cannot_have_it_any_more_has_the_money(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    back = await received(working_shop, order_id, "BOOK", 2, PEN=2)
    await a_delivery(working_shop, "PEN", -9)
    settled = await inspected(working_shop, back, restocked=2)
    assert settled.replacement_order_id is None
    await comes_to(working_shop, back.id, "REFUNDED")
    assert await money(working_shop, order_id) == 1250
    assert await stock(working_shop, "PEN") == (1, 0)
    assert await violations(working_shop) == []


async def test_a_declined_replacement_is_called_off_and_the_money_is_back(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    await a_product(working_shop, "LAMP", amount="20.00")
    await working_shop.db.pool.execute(BY, "simulated:decline")
    back = await received(working_shop, order_id, "BOOK", 1, LAMP=1)
    settled = await inspected(working_shop, back, written_off=1)
    order = await replacement(working_shop, settled, "CANCELED")
    await comes_to(working_shop, back.id, "REFUNDED")
    assert (await money(working_shop, order_id), order.why) == (2500, "payment declined: insufficient_funds")
    assert await stock(working_shop, "LAMP") == (10, 0)
    assert await violations(working_shop) == []


async def test_of_ten_inspections_at_once_one_sends_something_out(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    back = await received(working_shop, order_id, "BOOK", 1, PEN=1)
    look = InspectReturn(return_id=back.id, lines=(Line(sku="BOOK", quantity=1, restocked=1),))
    outcomes = await asyncio.gather(*(working_shop.dispatch(look, STAFF) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, IllegalMove) for one in outcomes) == 9
    await comes_to(working_shop, back.id, "REFUNDED")
    assert await working_shop.db.pool.fetchval(ORDERS) == 2
    assert await violations(working_shop) == []


async def test_the_replacement_is_its_buyers_and_goes_where_the_first_went(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    settled = await inspected(working_shop, await received(working_shop, order_id, "BOOK", 1, PEN=1), restocked=1)
    order = await replacement(working_shop, settled)
    assert tuple(await working_shop.db.pool.fetchrow(BUYERS)) == (1, 1)
    with pytest.raises(NotReturnable):
        await asked(working_shop, order.id, "PEN", 1)
