"""The payment's rules: nothing is taken that was not held, nothing goes back that was not taken."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
