"""For how long sagas go on asking inventory, or payments, that does not answer: for as long as is said of each step."""

from typing import Final

import pytest

from tests.shops import a_call
from tradewind.adapters.inventory.grpc import ATTEMPT_S, ATTEMPTS, BACKOFF_S
from tradewind.contexts.orders.edit_order.apart import EDIT_APART
from tradewind.contexts.orders.edit_order.elsewhere import EDIT_ELSEWHERE, HELD_S
from tradewind.contexts.orders.edit_order.saga import EDIT_ORDER
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.payments.doubt_capture.saga import DOUBT_CAPTURE
from tradewind.contexts.payments.doubt_refund.saga import DOUBT_REFUND
from tradewind.contexts.returns.inspect_return.elsewhere import SETTLE_RETURN
from tradewind.contexts.returns.retry_refund.elsewhere import RETRY_ELSEWHERE
from tradewind.contexts.shipping.replace_parcel.elsewhere import REPLACE_ELSEWHERE
from tradewind.kernel.ids import new_id
from tradewind.runtime.saga.advance import State, StepFailed, advance
from tradewind.runtime.saga.definition import Saga
from tradewind.runtime.saga.settling import backoff_s, timed_out
from tradewind.runtime.saga.store import Held

ASKED: Final = [
    (PLACE_ORDER, "reserve_inventory"),
    (PLACE_ORDER, "confirm_reservation"),
    (PLACE_ORDER, "capture_payment"),
    (EDIT_ORDER, "capture_difference"),
    (EDIT_ELSEWHERE, "hold_goods"),
    (EDIT_ELSEWHERE, "move_goods"),
    (EDIT_ELSEWHERE, "capture_difference"),
    (EDIT_APART, "hold_refund"),
    (EDIT_APART, "hold_goods"),
    (EDIT_APART, "move_goods"),
    (EDIT_APART, "send_refund"),
    (EDIT_APART, "capture_difference"),
    (EDIT_APART, "settle_edit"),
    (REPLACE_ELSEWHERE, "hold_goods"),
    (REPLACE_ELSEWHERE, "take_goods"),
    (DOUBT_CAPTURE, "find_out"),
    (DOUBT_REFUND, "find_out"),
    (SETTLE_RETURN, "claim_refund"),
    (RETRY_ELSEWHERE, "claim_refund"),
]
ABOUT: Final = 1.1


def lasts_s(saga: Saga, step: int, question_s: float = 0.0) -> float:
    """Seconds until a step is given up, or parked, whose every question fails: at once, or after so many seconds."""
    before, waited_s = State(step=step), 0.0
    while True:
        after = advance(saga, before, StepFailed(step=step, why="away"))
        if (after.phase, after.step, after.undoing) != (before.phase, before.step, before.undoing):
            return waited_s
        before, waited_s = after, waited_s + question_s + backoff_s(after.attempt)
        if timed_out(saga, Held(new_id(), saga.kind, after, 1, a_call(), waited_s, waited_s)):
            return waited_s


@pytest.mark.parametrize(("saga", "name"), ASKED, ids=[f"{saga.name} {name}" for saga, name in ASKED])
def test_who_is_away_is_asked_for_as_long_as_the_step_may_take(saga: Saga, name: str) -> None:
    (step,) = (number for number, one in enumerate(saga.steps) if one.name == name)
    within_s = saga.steps[step].within.total_seconds()
    assert within_s <= lasts_s(saga, step) <= within_s * ABOUT


@pytest.mark.parametrize("saga", [EDIT_ELSEWHERE, EDIT_APART], ids=lambda saga: saga.name)
def test_goods_are_held_until_an_edit_has_moved_them_or_been_given_up(saga: Saga) -> None:
    """However late it became true, and however long inventory says nothing to each question after that."""
    (move,) = (number for number, one in enumerate(saga.steps) if one.name == "move_goods")
    silent_s = ATTEMPTS * ATTEMPT_S + BACKOFF_S * sum(2**attempt for attempt in range(1, ATTEMPTS))
    assert saga.within.total_seconds() + lasts_s(saga, move, silent_s) < HELD_S
