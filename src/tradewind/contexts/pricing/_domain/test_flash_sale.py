"""A flash sale's rules: every move in every state, what cannot be one, and who gets the pieces."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tradewind.contexts.pricing._domain.flash_sale import (
    SALE_LIFECYCLE,
    FlashSale,
    InvalidFlashSale,
    SaleState,
    allot,
    check,
)
from tradewind.contracts.pricing import (
    FlashSaleEnded,
    FlashSaleExhausted,
    FlashSaleLimit,
    FlashSaleReopened,
    FlashSaleSoldOut,
    FlashSaleStarted,
    Redemption,
)
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.money import Money

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
USUAL = Money(1250, "EUR")


def a_sale(**different: Any) -> FlashSale:
    usual: dict[str, Any] = {
        "id": new_id(), "sku": "LAMP", "product_id": new_id(), "price": Money(500, "EUR"), "quantity": 10,
        "per_buyer": 2, "starts_at": NOON, "ends_at": NOON + HOUR,
    }  # fmt: skip
    return FlashSale(**{**usual, **different})


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"price": Money(0, "EUR")}, "/price"),
        ({"price": USUAL}, "/price"),
        ({"price": Money(1251, "EUR")}, "/price"),
        ({"quantity": 0, "per_buyer": 0}, "/quantity"),
        ({"quantity": 1_000_001}, "/quantity"),
        ({"per_buyer": 0}, "/perBuyer"),
        ({"per_buyer": 11}, "/perBuyer"),
        ({"ends_at": NOON}, "/endsAt"),
        ({"starts_at": NOON - 2 * HOUR, "ends_at": NOON - HOUR}, "/endsAt"),
        ({"ends_at": NOON + timedelta(days=32)}, "/endsAt"),
        ({"starts_at": NOON + timedelta(days=400), "ends_at": NOON + timedelta(days=401)}, "/startsAt"),
    ],
)
def test_what_is_no_bargain_no_quantity_no_limit_or_no_window_is_no_flash_sale(
    different: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidFlashSale) as refused:
        check(a_sale(**different), USUAL, NOON)
    assert pointer in {error["pointer"] for error in refused.value.facts["errors"]}


def test_a_sale_below_the_usual_price_with_pieces_and_a_window_is_one() -> None:
    check(a_sale(), USUAL, NOON - HOUR)
    check(a_sale(), USUAL, NOON + HOUR / 2)


@pytest.mark.parametrize(
    ("state", "sold", "at", "event"),
    [
        (SaleState.PLANNED, 0, NOON - HOUR, None),
        (SaleState.PLANNED, 0, NOON, FlashSaleStarted),
        (SaleState.PLANNED, 0, NOON + HOUR, FlashSaleEnded),
        (SaleState.RUNNING, 9, NOON, None),
        (SaleState.RUNNING, 10, NOON, FlashSaleExhausted),
        (SaleState.RUNNING, 10, NOON + HOUR, FlashSaleEnded),
        (SaleState.SOLD_OUT, 10, NOON, None),
        (SaleState.SOLD_OUT, 9, NOON, FlashSaleReopened),
        (SaleState.SOLD_OUT, 9, NOON + HOUR, FlashSaleEnded),
        (SaleState.ENDED, 9, NOON + HOUR, None),
    ],
)
def test_what_is_due_follows_from_the_time_and_from_the_pieces_that_are_left(
    state: SaleState, sold: int, at: datetime, event: type | None
) -> None:
    due = a_sale(state=state, sold=sold).due(at)
    assert type(due) is (event or type(None))
    if due is not None:
        assert SALE_LIFECYCLE.allows(state, type(due))


@pytest.mark.parametrize(
    ("state", "event"),
    list(product(SaleState, (FlashSaleStarted, FlashSaleEnded, FlashSaleExhausted, FlashSaleReopened))),
)
def test_a_sale_that_has_ended_never_moves_again_and_none_starts_twice(state: SaleState, event: type) -> None:
    may = {
        SaleState.PLANNED: {FlashSaleStarted, FlashSaleEnded},
        SaleState.RUNNING: {FlashSaleExhausted, FlashSaleEnded},
        SaleState.SOLD_OUT: {FlashSaleReopened, FlashSaleEnded},
        SaleState.ENDED: set(),
    }
    assert SALE_LIFECYCLE.allows(state, event) == (event in may[state])


def test_what_has_ended_cannot_be_ended() -> None:
    with pytest.raises(IllegalMove):
        a_sale(state=SaleState.ENDED).end(NOON)


def wants(sale: FlashSale, buyer: str, pieces: int) -> Redemption:
    return Redemption(order_id=new_id(), customer_id=buyer, sale_pieces={sale.id: pieces})


def test_who_comes_first_gets_the_last_pieces_and_the_others_are_told_how_many_are_left() -> None:
    sale = a_sale(sold=7)
    one, two, three = wants(sale, "ada", 2), wants(sale, "ben", 2), wants(sale, "cem", 1)
    outcomes = allot({sale.id: sale}, {}, [one, two, three])
    assert (outcomes[0], outcomes[2]) == (None, None)
    assert isinstance(outcomes[1], FlashSaleSoldOut)
    assert outcomes[1].facts == {"saleId": str(sale.id), "sku": "LAMP", "left": 1}


def test_the_limit_of_a_buyer_counts_what_they_have_already_and_what_they_just_got() -> None:
    sale = a_sale()
    orders = [wants(sale, "ada", 1), wants(sale, "ada", 1), wants(sale, "ben", 2)]
    outcomes = allot({sale.id: sale}, {(sale.id, "ada"): 1}, orders)
    assert (outcomes[0], outcomes[2]) == (None, None)
    assert isinstance(outcomes[1], FlashSaleLimit)
    assert outcomes[1].facts["perBuyer"] == 2


def test_an_order_that_wants_of_two_sales_gets_both_or_neither() -> None:
    plenty, none = a_sale(), a_sale(sold=10)
    both = Redemption(order_id=new_id(), customer_id="ada", sale_pieces={plenty.id: 2, none.id: 1})
    sales = {plenty.id: plenty, none.id: none}
    outcomes = allot(sales, {}, [both, wants(plenty, "ada", 2)])
    assert isinstance(outcomes[0], FlashSaleSoldOut)
    assert outcomes[1] is None


@given(
    quantity=st.integers(1, 30),
    per_buyer=st.integers(1, 5),
    orders=st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 6)), max_size=60),
)
def test_never_more_than_there_are_and_never_more_than_a_buyer_may_have(
    quantity: int, per_buyer: int, orders: list[tuple[str, int]]
) -> None:
    sale = replace(a_sale(quantity=quantity), per_buyer=min(per_buyer, quantity))
    wanted = [wants(sale, buyer, pieces) for buyer, pieces in orders]
    outcomes = allot({sale.id: sale}, {}, wanted)
    got: dict[str, int] = {}
    for one, outcome in zip(wanted, outcomes, strict=True):
        if outcome is None:
            got[one.customer_id] = got.get(one.customer_id, 0) + _pieces(one, sale.id)
    assert sum(got.values()) <= quantity
    assert all(pieces <= sale.per_buyer for pieces in got.values())


def _pieces(one: Redemption, sale_id: UUID) -> int:
    return one.sale_pieces[sale_id]
