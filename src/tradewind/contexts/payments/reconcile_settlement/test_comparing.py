"""Every way in which two sides can differ has a name; agreement has none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.contexts.payments.reconcile_settlement.comparing import Booked, Kind, compare
from tradewind.ports.settlements import Settlement

ORDER = "01a222db-2ec9-75b7-8f0f-7a592b823ca9"


def says(captured: int, refunded: int = 0, *, currency: str = "EUR", captures: int = 1, refunds: int = 1) -> Settlement:
    return Settlement(
        provider="simulated",
        reference=ORDER,
        currency=currency,
        captured_minor=captured,
        refunded_minor=refunded,
        captures=captures if captured else 0,
        refunds=refunds if refunded else 0,
    )


def books(captured: int, refunded: int = 0, *, currency: str = "EUR") -> Booked:
    return Booked(reference=ORDER, currency=currency, captured_minor=captured, refunded_minor=refunded)


@pytest.mark.parametrize(
    ("theirs", "ours", "kind", "operation"),
    [
        ([says(1_000)], None, Kind.MISSING_HERE, "capture"),
        ([says(1_000)], books(0), Kind.MISSING_HERE, "capture"),
        ([says(1_000, 300)], books(1_000), Kind.MISSING_HERE, "refund"),
        ([], books(1_000), Kind.MISSING_THERE, "capture"),
        ([says(1_000)], books(1_000, 300), Kind.MISSING_THERE, "refund"),
        ([says(1_001)], books(1_000), Kind.AMOUNT_DIFFERS, "capture"),
        ([says(999)], books(1_000), Kind.AMOUNT_DIFFERS, "capture"),
        ([says(1_000, 301)], books(1_000, 300), Kind.AMOUNT_DIFFERS, "refund"),
        ([says(1_000, currency="USD")], books(1_000), Kind.CURRENCY_DIFFERS, "capture"),
        ([says(1_000), says(1, currency="USD")], books(1_000), Kind.CURRENCY_DIFFERS, "capture"),
        ([says(2_000, captures=2)], books(1_000), Kind.DUPLICATED, "capture"),
        ([says(1_000), says(1_000)], books(1_000), Kind.DUPLICATED, "capture"),
        ([says(1_000, 900, refunds=3)], books(1_000, 300), Kind.DUPLICATED, "refund"),
        ([says(2_000)], books(1_000), Kind.AMOUNT_DIFFERS, "capture"),
    ],
)
def test_each_difference_has_its_name(
    theirs: list[Settlement], ours: Booked | None, kind: Kind, operation: str
) -> None:
    [found] = compare(theirs, ours)
    assert (found.kind, found.operation, found.reference) == (kind, operation, ORDER)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ([], None),
        ([], books(0)),
        ([says(1_000)], books(1_000)),
        ([says(1_000, 300)], books(1_000, 300)),
        ([says(600), says(400, captures=1)], books(1_000)),
        ([says(1_000, 900, refunds=3)], books(1_000, 900)),
        ([says(0), says(1_000)], books(1_000)),
    ],
)
def test_agreement_is_no_difference_in_however_many_pieces(theirs: list[Settlement], ours: Booked | None) -> None:
    assert compare(theirs, ours) == []


def test_a_difference_says_both_amounts_in_their_currencies() -> None:
    [found] = compare([says(1_000, currency="JPY")], books(1_000))
    assert (found.theirs, found.ours, found.currency) == (Decimal(1_000), Decimal("10.00"), "EUR")


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_there_is_a_difference_exactly_where_the_sums_differ(a: int, b: int, c: int, d: int) -> None:
    found = {one.operation for one in compare([says(a, b)], books(c, d))}
    assert found == {name for name, theirs, ours in (("capture", a, c), ("refund", b, d)) if theirs != ours}
