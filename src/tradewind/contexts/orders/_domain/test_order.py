"""The order's rules: every move in every state is an arrow or a refusal, and its money adds up."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.contexts.orders._domain.order import LIFECYCLE, PENDING, Line, Order, PaymentMissing, Status, fold
from tradewind.contracts.inventory import InventoryReserved
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderFailed,
    OrderFulfilled,
    OrderPaid,
    PaymentAwaited,
)
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.money import Money

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def an_order(status: Status = Status.RESERVED, *, minor: int = 1250, quantity: int = 2, **others: object) -> Order:
    line = Line(sku="BOOK", product_id=new_id(), quantity=quantity, unit_price=Money(minor, "EUR"))
    nothing = Money(0, "EUR")
    fields = {"shipping": nothing, "tax": nothing, "discount": nothing, "lines": (line,), **others}
    return Order(id=new_id(), user_id="u", placed_at=NOON, status=status, **fields)  # type: ignore[arg-type]


def reserved(order: Order) -> InventoryReserved:
    return InventoryReserved(order_id=order.id, items=(), expires_at=NOON)


ACTS: dict[type[Event], Callable[[Order], Event]] = {
    InventoryReserved: reserved,
    PaymentAwaited: Order.await_payment,
    OrderConfirmed: lambda order: order.confirm(authorized=True),
    OrderPaid: Order.pay,
    OrderFulfilled: Order.fulfill,
    OrderCancelled: lambda order: order.cancel("no longer wanted"),
    OrderFailed: lambda order: order.fail("no answer"),
}


@pytest.mark.parametrize(("status", "event"), list(product(Status, ACTS)))
def test_every_act_in_every_state_is_an_arrow_or_a_refusal(status: Status, event: type[Event]) -> None:
    order = an_order(status)
    if LIFECYCLE.allows(status, event):
        after = order.after(ACTS[event](order))
        assert (after.status, after.version) == (LIFECYCLE.follow(status, event), order.version + 1)
    else:
        with pytest.raises(IllegalMove) as refused:
            order.after(ACTS[event](order))
        assert refused.value.facts == {"state": status.value, "event": event.__name__}


def test_an_order_is_not_confirmed_before_its_money_is_certain() -> None:
    with pytest.raises(PaymentMissing):
        an_order().confirm(authorized=False)


def test_what_is_over_stays_over() -> None:
    assert not [event for event in ACTS for over in (Status.CANCELED, Status.FAILED) if LIFECYCLE.allows(over, event)]


def test_a_customer_may_call_off_exactly_what_can_still_fail() -> None:
    assert LIFECYCLE.sources(OrderFailed) == PENDING


@given(
    lines=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**4)), min_size=1, max_size=20),
    shipping=st.integers(0, 10**6),
    tax=st.integers(0, 10**6),
    discount=st.integers(0, 10**6),
)
def test_the_total_is_lines_plus_shipping_plus_tax_minus_discount_to_the_cent(
    lines: list[tuple[int, int]], shipping: int, tax: int, discount: int
) -> None:
    goods = tuple(
        Line(sku=f"S{n}", product_id=None, quantity=q, unit_price=Money(p, "EUR")) for n, (p, q) in enumerate(lines)
    )
    order = an_order(
        lines=goods, shipping=Money(shipping, "EUR"), tax=Money(tax, "EUR"), discount=Money(discount, "EUR")
    )
    assert order.total.minor == sum(p * q for p, q in lines) + shipping + tax - discount
    assert order.place().total_amount == order.total.amount


def test_lines_of_one_sku_are_wanted_from_stock_together_and_fees_are_not() -> None:
    price = Money(100, "EUR")
    lines = (
        Line(sku="A", product_id=None, quantity=2, unit_price=price),
        Line(sku="A", product_id=None, quantity=3, unit_price=price),
        Line(sku="BANK", product_id=None, quantity=1, unit_price=price, kind="fee"),
    )
    assert an_order(lines=lines).quantities == {"A": 5}


def test_folding_the_events_of_a_walk_gives_the_order_at_its_end() -> None:
    order = an_order(Status.PENDING_RESERVATION)
    walk: list[Event] = [reserved(order)]
    for event in (OrderConfirmed, OrderPaid, OrderFulfilled):
        walk.append(ACTS[event](fold(order, walk)))
    end = fold(order, walk)
    assert (end.status, end.version) == (Status.FULFILLED, 5)
