"""A return's life, what may be asked for, and what its buyer gets: to the cent, in however many parts."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tradewind.contexts.returns._domain.returned import (
    LIFECYCLE,
    WINDOW,
    Line,
    NotReturnable,
    Reason,
    Return,
    ReturnTooLarge,
    Status,
    UnfitInspection,
    check,
    remaining,
)
from tradewind.contracts.orders import Bought, BoughtLine
from tradewind.contracts.returns import (
    ReturnApproved,
    ReturnCanceled,
    ReturnInspected,
    ReturnReceived,
    ReturnRefunded,
    ReturnRejected,
)
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.money import Money

MOVES = (ReturnApproved, ReturnRejected, ReturnCanceled, ReturnReceived, ReturnInspected, ReturnRefunded)
ARROWS = {(source, by) for source, by, _ in LIFECYCLE.arrows}
REFUSED = [(status, by) for status in Status for by in MOVES if (status, by) not in ARROWS]


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def bought(*lines: tuple[str, int, int], tax: int = 0, discount: int = 0, fee: int = 0, days_ago: int = 1) -> Bought:
    items = sum(quantity * minor for _, quantity, minor in lines) + fee
    return Bought(
        order_id=new_id(),
        user_id="ada",
        status="FULFILLED",
        lines=tuple(BoughtLine(sku=s, product_id=None, quantity=q, unit_price=eur(m)) for s, q, m in lines),
        items=eur(items),
        tax=eur(tax),
        discount=eur(discount),
        fulfilled_at=now() - timedelta(days=days_ago),
    )


def a_return(*lines: Line, status: Status = Status.REQUESTED) -> Return:
    return Return(id=new_id(), order_id=new_id(), reason=Reason.DAMAGED, lines=lines, amount=eur(0), status=status)


@pytest.mark.parametrize(("status", "by"), REFUSED)
def test_what_is_not_in_the_table_is_refused(status: Status, by: type) -> None:
    with pytest.raises(IllegalMove):
        LIFECYCLE.follow(status, by)


def test_what_was_not_delivered_or_came_too_long_ago_stays_where_it_is() -> None:
    order = bought(("A", 2, 100))
    assert order.fulfilled_at is not None
    check({"A": 2}, order, [], order.fulfilled_at + WINDOW)
    with pytest.raises(NotReturnable):
        check({"A": 1}, order, [], order.fulfilled_at + WINDOW + timedelta(microseconds=1))
    with pytest.raises(NotReturnable):
        check({"A": 1}, replace(order, status="PAID", fulfilled_at=None), [], now())


@pytest.mark.parametrize("wanted", [{"A": 2}, {"B": 1}, {"A": 1, "B": 1}])
def test_more_than_was_bought_is_not_taken_back(wanted: dict[str, int]) -> None:
    other = a_return(Line(sku="A", quantity=2))
    with pytest.raises(ReturnTooLarge):
        check(wanted, bought(("A", 2, 100), ("A", 1, 50)), [other], now())


def test_what_is_off_or_was_sent_back_to_the_buyer_may_be_asked_for_again() -> None:
    off = [a_return(Line(sku="A", quantity=3), status=status) for status in (Status.REJECTED, Status.CANCELED)]
    seen = a_return(Line(sku="A", quantity=3, restocked=1, refused=2), status=Status.REFUNDED)
    assert remaining(bought(("A", 3, 100)), [*off, seen]) == {"A": 2}


@pytest.mark.parametrize(
    "found",
    [
        (),
        (Line(sku="A", quantity=1, restocked=1),),
        (Line(sku="A", quantity=3, restocked=3),),
        (Line(sku="B", quantity=2, restocked=2),),
        (Line(sku="A", quantity=1, restocked=1), Line(sku="A", quantity=2, refused=2)),
        (Line(sku="A", quantity=0),),
    ],
)
def test_an_inspection_accounts_for_every_piece_once(found: tuple[Line, ...]) -> None:
    with pytest.raises(UnfitInspection):
        a_return(Line(sku="A", quantity=2), status=Status.RECEIVED).inspect(found)
