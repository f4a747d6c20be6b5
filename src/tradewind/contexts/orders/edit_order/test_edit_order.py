"""Editing an order: what is refused writes nothing; what costs more is asked for first, what costs less goes back."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product, an_ended_order
from tests.checkouts import a_coupon, a_quoted_cart, check_out
from tests.shops import Shop, a_call, until, working
from tradewind.app.audit import audit
from tradewind.contexts.orders._domain.edit import EditUnderWay, MethodMissing, NotEditable, UnfitEdit
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.edit_order.command import EditOrder, Quantity
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.pay_order.command import PayOrder
from tradewind.contexts.orders.place_order.command import PlaceOrder
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.payments.manifest import RefundPayment
from tradewind.contexts.shipping.manifest import DispatchShipment
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.orders import OrderLine, OrderView, UnfitCurrency, UnknownProduct
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.versions import Outdated
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Compensate

STAFF = a_call("admin", subject="staff")
LONDON = {"country": "GB", "line1": "1 Main Street", "city": "London", "postal_code": "SW1A 1AA"}
PARIS = {"country": "FR", "line1": "1 Rue Une", "city": "Paris", "postal_code": "75001"}
SHIPMENT = "SELECT id FROM shipping.shipments WHERE order_id = $1"
WRITTEN = """
    SELECT (SELECT count(*) FROM orders.edit), (SELECT count(*) FROM runtime.outbox),
           (SELECT count(*) FROM runtime.saga), (SELECT count(*) FROM payments.payments),
           (SELECT count(*) FROM payments.refund), (SELECT count(*) FROM inventory.reservation),
           (SELECT sum(reserved) FROM inventory.inventory_stock), (SELECT string_agg(status, ',') FROM shipping.shipments)
"""


async def paid(shop: Shop, qty: int = 2, method: str = "approve") -> UUID:
    """An order of two books at 12.50 that is paid; there are pens at 3.00 too."""
    await a_product(shop, "BOOK")
    await a_product(shop, "PEN", amount="3.00")
    return await an_ended_order(shop, "BOOK", qty=qty, method=f"simulated:{method}")


async def edit(
    shop: Shop, order_id: UUID, *, call: Any = STAFF, version: int | None = None, **changes: Any
) -> OrderView:
    """Have so many of these SKUs."""
    more = {name: changes.pop(name) for name in ("shipping_address", "payment_method") if name in changes}
    items = tuple(Quantity(sku, qty) for sku, qty in changes.items())
    answer: OrderView = await shop.dispatch(EditOrder(order_id=order_id, expected=version, items=items, **more), call)
    return answer


async def seen(shop: Shop, order_id: UUID) -> OrderView:
    answer: OrderView = await shop.dispatch(GetOrder(order_id=order_id), STAFF)
    return answer


async def over(shop: Shop, order_id: UUID) -> OrderView:
    """The order once its last edit is over."""

    async def look() -> OrderView | None:
        order = await seen(shop, order_id)
        return order if order.edit and order.edit.status in ("DONE", "REFUSED") else None

    found: OrderView = await until(shop, look)
    return found


async def written(shop: Shop) -> tuple[Any, ...]:
    return tuple(await shop.db.pool.fetchrow(WRITTEN))


async def stock(shop: Shop, sku: str) -> tuple[int, int]:
    sql = "SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = $1"
    return tuple(await shop.db.pool.fetchrow(sql, sku))  # type: ignore[return-value]


async def money(shop: Shop, order_id: UUID) -> int:
    """What is taken and not given back, of the order and its parts."""
    sql = """SELECT sum(captured_minor - refunded_minor)::int FROM payments.payments
             WHERE order_id = $1 OR part_of = $1"""
    minor: int = await shop.db.pool.fetchval(sql, order_id)
    return minor


def lines(order: OrderView) -> dict[str, int]:
    return {line.sku: line.qty for line in order.items}


async def clean(shop: Shop) -> None:
    report = await audit(shop.engines.database_url, None, settle_s=20)
    assert report.ok, report.lines()


async def test_what_cannot_be_done_is_refused_and_nothing_is_written(working_shop: Shop) -> None:
    shop = working_shop
    order_id = await paid(shop)
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
    order_id = await paid(working_shop)
    begun = await edit(working_shop, order_id, BOOK=3, PEN=2)
    assert (begun.status, begun.total_amount, begun.edit and begun.edit.status) == ("PAID", Decimal("25.00"), "PENDING")
    order = await over(working_shop, order_id)
    assert (order.edit and order.edit.status, order.total_amount) == ("DONE", Decimal("43.50"))
    assert lines(order) == {"BOOK": 3, "PEN": 2}
    assert await stock(working_shop, "BOOK") == (7, 0)
    assert await stock(working_shop, "PEN") == (8, 0)
    assert await money(working_shop, order_id) == 4350
    assert order.version == begun.version + 1
    await working_shop.dispatch(DispatchShipment(shipment_id=await shipment(working_shop, order_id)), STAFF)
    await clean(working_shop)


async def shipment(shop: Shop, order_id: UUID) -> UUID:
    found: UUID = await shop.db.pool.fetchval(SHIPMENT, order_id)
    return found


async def test_what_is_taken_out_goes_back_to_the_shelf_and_its_price_to_the_buyer(working_shop: Shop) -> None:
    order_id = await paid(working_shop, qty=4)
    order = await edit(working_shop, order_id, BOOK=1)
    assert (order.total_amount, lines(order)) == (Decimal("12.50"), {"BOOK": 1})
    assert (await over(working_shop, order_id)).edit.status == "DONE"  # type: ignore[union-attr]
    assert await stock(working_shop, "BOOK") == (9, 0)
    assert await money(working_shop, order_id) == 1250
    await clean(working_shop)


async def test_a_declined_difference_leaves_the_order_as_it_was_and_nothing_held(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    before = await seen(working_shop, order_id)
    await edit(working_shop, order_id, PEN=2, payment_method="simulated:decline")
    order = await over(working_shop, order_id)
    assert order.edit is not None
    assert (order.edit.status, order.edit.why) == ("REFUSED", "payment declined: insufficient_funds")
    assert (lines(order), order.total_amount, order.version) == (lines(before), before.total_amount, before.version)
    assert await stock(working_shop, "PEN") == (10, 0)
    assert await money(working_shop, order_id) == 2500
    await working_shop.dispatch(DispatchShipment(shipment_id=await shipment(working_shop, order_id)), STAFF)
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

    async def is_paid() -> bool:
        return (await seen(working_shop, order_id)).status == "PAID"

    await until(working_shop, is_paid)
    assert await money(working_shop, order_id) == 2150
    assert await stock(working_shop, "PEN") == (7, 0)
    goes_to = await working_shop.db.pool.fetchval("SELECT address->>'city' FROM shipping.shipments")
    assert goes_to == "London"
    await clean(working_shop)


async def test_another_address_costs_nothing_and_is_where_the_parcel_goes(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
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

    async def is_paid() -> bool:
        return (await seen(working_shop, placed.id)).status == "PAID"

    await until(working_shop, is_paid)
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
    gone = await paid(working_shop)
    back = await an_ended_order(working_shop, "BOOK", qty=2)
    await working_shop.dispatch(DispatchShipment(shipment_id=await shipment(working_shop, gone)), STAFF)
    await working_shop.dispatch(RefundPayment(order_id=back, amount=Decimal("1.00"), reason="a scratch"), STAFF)
    before = await written(working_shop)
    for order_id in (gone, back):
        with pytest.raises(NotEditable):
            await edit(working_shop, order_id, PEN=1)
    assert (await written(working_shop))[0] == before[0] == 0


async def test_of_twenty_edits_at_once_of_one_version_one_gets_through(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
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
        order_id = await paid(shop)
    await edit(shop, order_id, PEN=1)
    with pytest.raises(IllegalMove):
        await shop.dispatch(DispatchShipment(shipment_id=await shipment(shop, order_id)), STAFF)
    with pytest.raises(EditUnderWay):
        await edit(shop, order_id, PEN=2)
    async with working(shop):
        assert lines(await over(shop, order_id)) == {"BOOK": 2, "PEN": 1}
        await shop.dispatch(DispatchShipment(shipment_id=await shipment(shop, order_id)), STAFF)
        await clean(shop)


async def test_an_order_that_is_undone_while_it_is_changed_gives_everything_back(shop: Shop) -> None:
    async with working(shop):
        order_id = await paid(shop)
    await edit(shop, order_id, PEN=3)
    async with shop.db.transaction(STAFF) as tx:
        await signals.mend(tx, PLACE_ORDER, order_id, Compensate("the buyer phoned"))
    async with working(shop):
        await over(shop, order_id)

        async def is_off() -> bool:
            return (await seen(shop, order_id)).status == "CANCELED"

        await until(shop, is_off)
        await clean(shop)
    assert await money(shop, order_id) == 0
    assert (await stock(shop, "BOOK"), await stock(shop, "PEN")) == ((10, 0), (10, 0))


async def test_an_edited_order_that_is_undone_gives_back_what_was_paid_in_parts(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    await edit(working_shop, order_id, PEN=3)
    await over(working_shop, order_id)
    async with working_shop.db.transaction(STAFF) as tx:
        await signals.mend(tx, PLACE_ORDER, order_id, Compensate("the buyer phoned"))

    async def is_off() -> bool:
        return (await seen(working_shop, order_id)).status == "CANCELED"

    await until(working_shop, is_off)
    assert await money(working_shop, order_id) == 0
    assert (await stock(working_shop, "BOOK"), await stock(working_shop, "PEN")) == ((10, 0), (10, 0))
    await clean(working_shop)


async def test_a_refund_of_more_than_one_payment_carries_comes_from_several(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    await edit(working_shop, order_id, PEN=3)
    await over(working_shop, order_id)
    refund = RefundPayment(order_id=order_id, amount=Decimal("34.00"), reason="all of it", refund_id=new_id())
    first, again = [await working_shop.dispatch(refund, STAFF) for _ in range(2)]
    assert (first.id, first.amount) == (again.id, again.amount) == (refund.refund_id, Decimal("34.00"))

    async def is_back() -> bool:
        return await money(working_shop, order_id) == 0

    await until(working_shop, is_back)
    parts = await working_shop.db.pool.fetch("SELECT amount_minor FROM payments.refund ORDER BY 1")
    assert [row["amount_minor"] for row in parts] == [900, 2500]
    await clean(working_shop)


async def test_an_edit_that_costs_more_needs_a_method(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    await working_shop.db.pool.execute("UPDATE orders.orders SET payment_method = NULL")
    before = await written(working_shop)
    with pytest.raises(MethodMissing):
        await edit(working_shop, order_id, PEN=1)
    assert await written(working_shop) == before


async def test_a_planted_bug_that_gives_nothing_back_turns_the_auditor_red(
    working_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await paid(working_shop, qty=4)
    monkeypatch.setattr("tradewind.contexts.orders.edit_order.commit.planted", lambda bug: bug == "edit_without_refund")
    await edit(working_shop, order_id, BOOK=1)
    await over(working_shop, order_id)
    report = await audit(working_shop.engines.database_url, None, settle_s=20)
    assert [check.name for check in report.checks if not check.ok] == ["edits"]
    assert any(
        "it costs 37.50" in line or "it costs 3750 EUR less, of which 0 go back" in line for line in report.lines()
    )
