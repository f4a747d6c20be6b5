"""Editing an order: what is refused writes nothing; what costs more is asked for first, what costs less goes back."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import a_product, an_ended_order, seen
from tests.checkouts import a_coupon, a_quoted_cart, check_out
from tests.comebacks import refunded_by_hand
from tests.edits import (
    a_paid_order,
    comes_to,
    dispatch,
    edit,
    money,
    over,
    stock,
    undone,
    violations,
)
from tests.shops import Shop, a_call, until, working
from tradewind.contexts.orders._domain.edit import EditUnderWay, MethodMissing, NotEditable, UnfitEdit
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.pay_order.command import PayOrder
from tradewind.contexts.orders.place_order.command import PlaceOrder
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.orders import OrderLine, OrderView, UnfitCurrency, UnknownProduct
from tradewind.kernel.errors import Conflict, Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.versions import Outdated

LONDON = {"country": "GB", "line1": "1 Main Street", "city": "London", "postal_code": "SW1A 1AA"}
PARIS = {"country": "FR", "line1": "1 Rue Une", "city": "Paris", "postal_code": "75001"}
WRITTEN = """
    SELECT (SELECT count(*) FROM orders.edit), (SELECT count(*) FROM runtime.outbox),
           (SELECT count(*) FROM runtime.saga), (SELECT count(*) FROM payments.payments),
           (SELECT count(*) FROM payments.refund), (SELECT count(*) FROM inventory.reservation),
           (SELECT sum(reserved) FROM inventory.inventory_stock),
           (SELECT string_agg(status, ',') FROM shipping.shipments)
"""


async def written(shop: Shop) -> tuple[Any, ...]:
    return tuple(await shop.db.pool.fetchrow(WRITTEN))


def lines(order: OrderView) -> dict[str, int]:
    return {line.sku: line.qty for line in order.items}


async def clean(shop: Shop) -> None:
    assert await violations(shop) == []


async def test_what_cannot_be_done_is_refused_and_nothing_is_written(working_shop: Shop) -> None:
    shop = working_shop
    order_id = await a_paid_order(shop)
    await a_product(shop, "YEN", amount="500", currency="JPY")
    before = await written(shop)
    for refused, changes in (
        (NoSuchOrder, {"call": a_call("customer", subject="somebody"), "PEN": 1}),
        (Forbidden, {"call": a_call("warehouse"), "PEN": 1}),
        (Outdated, {"version": 1, "PEN": 1}),
        (UnfitEdit, {}),
        (UnfitEdit, {"BOOK": 2}),
        (UnfitEdit, {"BOOK": 0}),
        (UnknownProduct, {"NOTHING": 1}),
        (UnfitCurrency, {"YEN": 1}),
        (NotEnoughStock, {"PEN": 11}),
        (NotEditable, {"shipping_address": {"country": "AQ", "line1": "x", "city": "y"}}),
    ):
        with pytest.raises(refused):
            await edit(shop, order_id, **changes)
        assert await written(shop) == before, changes
    with pytest.raises(NoSuchOrder):
        await edit(shop, new_id(), PEN=1)


async def test_what_is_added_is_charged_at_todays_price_and_leaves_the_stock(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    begun = await edit(working_shop, order_id, BOOK=3, PEN=2)
    assert (begun.status, begun.total_amount, begun.edit and begun.edit.status) == ("PAID", Decimal("25.00"), "PENDING")
    order = await over(working_shop, order_id)
    assert (order.edit and order.edit.status, order.total_amount) == ("DONE", Decimal("43.50"))
    assert lines(order) == {"BOOK": 3, "PEN": 2}
    assert await stock(working_shop, "BOOK") == (7, 0)
    assert await stock(working_shop, "PEN") == (8, 0)
    assert await money(working_shop, order_id) == 4350
    assert order.version == begun.version + 1
    await dispatch(working_shop, order_id)
    await clean(working_shop)


async def test_what_is_taken_out_goes_back_to_the_shelf_and_its_price_to_the_buyer(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop, qty=4)
    order = await edit(working_shop, order_id, BOOK=1)
    assert (order.total_amount, lines(order)) == (Decimal("12.50"), {"BOOK": 1})
    settled = (await over(working_shop, order_id)).edit
    assert settled is not None
    assert settled.status == "DONE"
    assert await stock(working_shop, "BOOK") == (9, 0)
    assert await money(working_shop, order_id) == 1250
    await clean(working_shop)


async def test_a_declined_difference_leaves_the_order_as_it_was_and_nothing_held(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    before = await seen(working_shop, order_id)
    await edit(working_shop, order_id, PEN=2, payment_method="simulated:decline")
    order = await over(working_shop, order_id)
    assert order.edit is not None
    assert (order.edit.status, order.edit.why) == ("REFUSED", "payment declined: insufficient_funds")
    assert (lines(order), order.total_amount, order.version) == (lines(before), before.total_amount, before.version)
    assert await stock(working_shop, "PEN") == (10, 0)
    assert await money(working_shop, order_id) == 2500
    await dispatch(working_shop, order_id)
    await clean(working_shop)


async def test_an_order_that_waits_for_payment_is_changed_at_once_and_charged_as_it_is_then(
    working_shop: Shop,
) -> None:
    await a_product(working_shop, "BOOK")
    await a_product(working_shop, "PEN", amount="3.00")
    buyer = a_call("guest", subject="guest-ada")
    order_id = (await working_shop.dispatch(PlaceOrder(items=(OrderLine(sku="BOOK", qty=2),)), buyer)).id
    order = await edit(working_shop, order_id, call=buyer, BOOK=1, PEN=3, shipping_address=LONDON)
    assert (order.status, order.total_amount) == ("PENDING_PAYMENT", Decimal("21.50"))
    assert await stock(working_shop, "BOOK") == (10, 1)
    assert await stock(working_shop, "PEN") == (10, 3)
    with pytest.raises(NotEnoughStock):
        await edit(working_shop, order_id, call=buyer, PEN=11)
    await working_shop.dispatch(PayOrder(order_id=order_id, payment_method="simulated:approve"), buyer)
    await comes_to(working_shop, order_id, "PAID")
    assert await money(working_shop, order_id) == 2150
    assert await stock(working_shop, "PEN") == (7, 0)
    goes_to = await working_shop.db.pool.fetchval("SELECT address->>'city' FROM shipping.shipments")
    assert goes_to == "London"
    await clean(working_shop)


async def test_another_address_costs_nothing_and_is_where_the_parcel_goes(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    order = await edit(working_shop, order_id, shipping_address=LONDON)
    assert order.edit is not None
    assert (order.edit.status, order.edit.difference) == ("DONE", Decimal("0.00"))
    row = await working_shop.db.pool.fetchrow("SELECT address->>'city' AS city, status FROM shipping.shipments")
    assert tuple(row) == ("London", "READY")
    await clean(working_shop)


async def test_what_was_quoted_keeps_its_part_of_discount_and_tax_and_what_comes_is_quoted(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK", amount="10.00", currency="GBP")
    await a_product(working_shop, "PEN", amount="3.00", currency="GBP")
    code = await a_coupon(working_shop, "TEN")
    quoted = await a_quoted_cart(working_shop, coupons=(code,), BOOK=4)
    placed = await check_out(working_shop, quoted)
    await comes_to(working_shop, placed.id, "PAID")
    buyer = quoted.call
    with pytest.raises(UnfitEdit):
        await edit(working_shop, placed.id, call=buyer, shipping_address=PARIS)
    carriage = placed.shipping_amount
    await edit(working_shop, placed.id, call=buyer, BOOK=2, PEN=1)
    order = await over(working_shop, placed.id)
    assert order.discount_amount == placed.discount_amount / 2
    assert order.shipping_amount <= carriage
    total = Decimal("23.00") + order.shipping_amount + order.tax_amount - order.discount_amount
    assert order.total_amount == total
    assert await money(working_shop, placed.id) == int(total * 100)
    await clean(working_shop)


async def test_what_has_left_the_house_or_is_given_back_cannot_be_changed(working_shop: Shop) -> None:
    gone = await a_paid_order(working_shop)
    back = await an_ended_order(working_shop, "BOOK", qty=2)
    await dispatch(working_shop, gone)
    await refunded_by_hand(working_shop, back, 100)
    before = await written(working_shop)
    for order_id in (gone, back):
        with pytest.raises(NotEditable):
            await edit(working_shop, order_id, PEN=1)
    assert (await written(working_shop))[0] == before[0] == 0


async def test_of_twenty_edits_at_once_of_one_version_one_gets_through(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    version = (await seen(working_shop, order_id)).version
    asked = [edit(working_shop, order_id, version=version, PEN=1 + n % 3) for n in range(20)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, OrderView) for one in outcomes) == 1
    assert {type(one) for one in outcomes} - {OrderView} <= {EditUnderWay, Outdated}
    await over(working_shop, order_id)
    await clean(working_shop)


async def test_many_orders_that_want_the_last_pieces_never_get_more_than_there_are(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK", stock=12)
    await a_product(working_shop, "PEN", stock=5, amount="3.00")
    orders = [await an_ended_order(working_shop, "BOOK", qty=1) for _ in range(6)]
    outcomes = await asyncio.gather(*(edit(working_shop, one, PEN=2) for one in orders), return_exceptions=True)
    assert sum(isinstance(one, NotEnoughStock) for one in outcomes) == 4
    for order_id, outcome in zip(orders, outcomes, strict=True):
        if isinstance(outcome, OrderView):
            await over(working_shop, order_id)
    assert await stock(working_shop, "PEN") == (1, 0)
    await clean(working_shop)


async def test_a_parcel_does_not_leave_the_house_while_its_order_is_being_changed(shop: Shop) -> None:
    async with working(shop):
        order_id = await a_paid_order(shop)
    await edit(shop, order_id, PEN=1)
    with pytest.raises(IllegalMove):
        await dispatch(shop, order_id)
    with pytest.raises(EditUnderWay):
        await edit(shop, order_id, PEN=2)
    async with working(shop):
        assert lines(await over(shop, order_id)) == {"BOOK": 2, "PEN": 1}
        await dispatch(shop, order_id)
        await clean(shop)


async def test_an_order_that_is_undone_while_it_is_changed_gives_everything_back(shop: Shop) -> None:
    async with working(shop):
        order_id = await a_paid_order(shop)
    await edit(shop, order_id, PEN=3)
    await undone(shop, order_id)
    async with working(shop):
        await over(shop, order_id)
        await comes_to(shop, order_id, "CANCELED")
        await clean(shop)
    assert await money(shop, order_id) == 0
    assert (await stock(shop, "BOOK"), await stock(shop, "PEN")) == ((10, 0), (10, 0))


async def test_an_edited_order_that_is_undone_gives_back_what_was_paid_in_parts(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    await edit(working_shop, order_id, PEN=3)
    await over(working_shop, order_id)
    await undone(working_shop, order_id)
    await comes_to(working_shop, order_id, "CANCELED")
    assert await money(working_shop, order_id) == 0
    assert (await stock(working_shop, "BOOK"), await stock(working_shop, "PEN")) == ((10, 0), (10, 0))
    await clean(working_shop)


async def test_a_refund_of_more_than_one_payment_carries_comes_from_several(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    await edit(working_shop, order_id, PEN=3)
    await over(working_shop, order_id)
    await refunded_by_hand(working_shop, order_id, 3400)
    with pytest.raises(Conflict):
        await refunded_by_hand(working_shop, order_id, 1)

    async def is_back() -> bool:
        return await money(working_shop, order_id) == 0

    await until(working_shop, is_back)
    parts = await working_shop.db.pool.fetch("SELECT amount_minor FROM payments.refund ORDER BY 1")
    assert [row["amount_minor"] for row in parts] == [900, 2500]
    await clean(working_shop)


async def test_an_edit_that_costs_more_needs_a_method(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    await working_shop.db.pool.execute("UPDATE orders.orders SET payment_method = NULL")
    before = await written(working_shop)
    with pytest.raises(MethodMissing):
        await edit(working_shop, order_id, PEN=1)
    assert await written(working_shop) == before


async def test_a_planted_bug_that_gives_nothing_back_turns_the_auditor_red(
    working_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await a_paid_order(working_shop, qty=4)
    monkeypatch.setattr("tradewind.contexts.orders.edit_order.commit.planted", lambda bug: bug == "edit_without_refund")
    await edit(working_shop, order_id, BOOK=1)
    await over(working_shop, order_id)
    found = await violations(working_shop)
    assert found[0] == "edits"
    assert "it costs 3750 EUR less, of which 0 go back" in found[1]
