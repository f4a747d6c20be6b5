"""Stock: marks are told once, and what is promised stays."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tradewind.contexts.inventory._domain.reservation import LIFECYCLE, Line, Movement, State, movements, moving
from tradewind.contexts.inventory._domain.settings import RESERVATION_TTL_S
from tradewind.contexts.inventory._domain.stock import BelowReserved, InvalidAdjustment, Shelf, Stock, check
from tradewind.contracts.inventory import (
    MAIN,
    InventoryReleased,
    InventoryReservationExpired,
    LowStockDetected,
    OutOfStock,
    ReservationConfirmed,
)
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id


def a_stock(on_hand: int = 10, reserved: int = 0) -> Stock:
    shelves = {MAIN: Shelf(on_hand, reserved)}
    return Stock(sku="A", product_id=new_id(), on_hand=on_hand, reserved=reserved, low_threshold=5, shelves=shelves)


@pytest.mark.parametrize(
    ("on_hand", "reserved", "taken", "told"),
    [
        (10, 0, 4, []),
        (10, 0, 5, [LowStockDetected]),
        (10, 6, 1, []),
        (10, 0, 10, [LowStockDetected, OutOfStock]),
        (5, 0, 5, [OutOfStock]),
        (5, 5, 0, []),
        (5, 0, -20, []),
    ],
)
def test_a_mark_is_told_once_when_it_is_crossed_downwards(
    on_hand: int, reserved: int, taken: int, told: Sequence[type]
) -> None:
    assert [type(event) for event in a_stock(on_hand, reserved).crossed(taken)] == told


def test_what_is_promised_cannot_be_taken_away() -> None:
    with pytest.raises(BelowReserved) as refused:
        a_stock(10, 8).adjusted(-3)
    assert refused.value.facts == {"sku": "A", "on_hand": 10, "reserved": 8, "delta": -3, "warehouse": "MAIN"}
    assert a_stock(10, 8).adjusted(-2).available == 0


@pytest.mark.parametrize(
    ("sku", "delta", "reason", "pointer"),
    [
        ("A", 0, "count", "/delta"),
        ("A", 1_000_001, "count", "/delta"),
        ("A", -1_000_001, "count", "/delta"),
        ("A", 1, "", "/reason"),
        ("A", 1, "x" * 201, "/reason"),
        ("no/sku", 1, "count", "/sku"),
    ],
)
def test_an_adjustment_that_says_nothing_or_too_much_is_refused(
    sku: str, delta: int, reason: str, pointer: str
) -> None:
    with pytest.raises(InvalidAdjustment) as refused:
        check(sku, delta, reason)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == [pointer]


def test_what_lies_elsewhere_does_not_help_where_too_much_shall_go() -> None:
    apart = replace(a_stock(9, 0), shelves={"MAIN": Shelf(4, 0), "NORTH": Shelf(5, 2)})
    with pytest.raises(BelowReserved):
        apart.adjusted(-4, "NORTH")
    assert apart.adjusted(-3, "NORTH").shelves == {"MAIN": Shelf(4, 0), "NORTH": Shelf(2, 2)}
    assert apart.adjusted(2, "SOUTH").shelves["SOUTH"] == Shelf(2, 0)


@pytest.mark.parametrize(
    ("pieces", "taken"), [(4, {"MAIN": 4}), (6, {"MAIN": 4, "NORTH": 2}), (9, {"MAIN": 6, "NORTH": 3})]
)
def test_what_goes_is_taken_from_the_main_warehouse_first(pieces: int, taken: dict[str, int]) -> None:
    apart = replace(a_stock(9, 0), shelves={"NORTH": Shelf(5, 2), "MAIN": Shelf(4, 0)})
    assert apart.taken_from(pieces) == taken


def test_no_stock_grows_beyond_its_column() -> None:
    with pytest.raises(InvalidAdjustment):
        a_stock(1_000_000_000).adjusted(1)


@pytest.mark.parametrize(
    ("state", "by", "on_hand", "reserved"),
    [
        (State.HELD, ReservationConfirmed, -3, -3),
        (State.HELD, InventoryReleased, 0, -3),
        (State.HELD, InventoryReservationExpired, 0, -3),
        (State.CONFIRMED, InventoryReleased, 3, 0),
    ],
)
def test_each_arrow_moves_the_stock_as_the_ledger_says(state: State, by: type, on_hand: int, reserved: int) -> None:
    line = Line(new_id(), "A", 3, state, clock.now())
    assert movements([line], by) == [Movement("A", on_hand, reserved)]


def test_there_are_no_other_arrows() -> None:
    assert {(source.value, by) for source, by, _ in LIFECYCLE.arrows} == {
        ("HELD", ReservationConfirmed),
        ("HELD", InventoryReleased),
        ("HELD", InventoryReservationExpired),
        ("CONFIRMED", InventoryReleased),
    }
    over = [Line(new_id(), "A", 3, state, clock.now()) for state in (State.RELEASED, State.EXPIRED)]
    assert moving(over, InventoryReleased) == []


def test_goods_are_held_for_a_quarter_of_an_hour() -> None:
    assert RESERVATION_TTL_S == 900
