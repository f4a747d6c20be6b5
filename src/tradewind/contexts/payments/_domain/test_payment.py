"""The payment's rules: nothing is taken that was not held, nothing goes back that was not taken."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tradewind.contexts.payments._domain.payment import LIFECYCLE, Payment, Status
from tradewind.contracts.payments import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
)
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.money import Money

TOTAL = Money(1000, "EUR")
ACTS: dict[type, Callable[[Payment], tuple[Payment, Any]]] = {
    PaymentAuthorized: lambda payment: payment.authorize("auth-1"),
    PaymentCaptured: lambda payment: payment.capture(),
    PaymentFailed: lambda payment: payment.fail("insufficient_funds"),
    PaymentVoided: lambda payment: payment.void(),
    PaymentRefunded: lambda payment: payment.refund(payment.left, "returned"),
}


def a_payment(status: Status = Status.AUTHORIZED, *, captured: int = 0) -> Payment:
    return Payment(
        id=new_id(),
        order_id=new_id(),
        amount=TOTAL,
        method="m",
        authorization_key="k",
        status=status,
        captured=captured,
    )


@pytest.mark.parametrize(("status", "event"), list(product(Status, ACTS)))
def test_every_act_in_every_state_is_an_arrow_or_a_refusal(status: Status, event: type) -> None:
    payment = a_payment(status, captured=TOTAL.minor if event is PaymentRefunded else 0)
    if LIFECYCLE.allows(status, event):
        assert ACTS[event](payment)[0].status is LIFECYCLE.follow(status, event)
    else:
        with pytest.raises(IllegalMove):
            ACTS[event](payment)


def test_a_capture_takes_the_whole_amount() -> None:
    after, event = a_payment().capture()
    assert (after.captured, event.amount) == (TOTAL.minor, TOTAL.amount)


@given(st.lists(st.integers(1, 400), max_size=12))
def test_refunds_add_up_and_the_last_one_closes_the_payment(amounts: list[int]) -> None:
    payment = a_payment(Status.CAPTURED, captured=TOTAL.minor)
    for minor in amounts:
        if minor <= payment.left.minor:
            payment, event = payment.refund(Money(minor, "EUR"), "returned")
            assert event.amount == Money(minor, "EUR").amount
    assert 0 <= payment.refunded <= payment.captured
    assert (payment.status is Status.REFUNDED) == (payment.left.minor == 0)


def test_more_than_is_left_is_a_bug_of_the_caller() -> None:
    with pytest.raises(AssertionError):
        a_payment(Status.CAPTURED, captured=100).refund(Money(101, "EUR"), "too much")


@settings(deadline=None)
@given(st.integers(1, TOTAL.minor), st.integers(1, TOTAL.minor))
def test_a_refund_that_fails_leaves_the_payment_as_if_it_had_never_been(first: int, second: int) -> None:
    payment = a_payment(Status.CAPTURED, captured=TOTAL.minor)
    if first < TOTAL.minor:
        payment, _ = payment.refund(Money(first, "EUR"), "returned")
    amount = Money(min(second, payment.left.minor), "EUR")
    after, _ = payment.refund(amount, "returned")
    back, event = after.fail_refund(amount, "card expired")
    assert replace(back, why=None) == payment
    assert (event.amount, back.why) == (amount.amount, "card expired")


def test_what_was_not_given_back_cannot_fail_to_come() -> None:
    payment, _ = a_payment(Status.CAPTURED, captured=TOTAL.minor).refund(Money(100, "EUR"), "returned")
    with pytest.raises(AssertionError):
        payment.fail_refund(Money(101, "EUR"), "card expired")
