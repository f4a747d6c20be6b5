"""Quotients: defined where there is nothing to divide by, exact otherwise."""

from datetime import timedelta
from decimal import Decimal

from tradewind.contexts.analytics._domain.figures import average, per_hour, share


def test_the_average_of_no_orders_is_nothing() -> None:
    assert average(0, 0, "EUR") == Decimal("0.00")


def test_an_average_is_in_the_digits_of_its_currency() -> None:
    assert average(1001, 2, "EUR") == Decimal("5.00")
    assert average(1003, 2, "EUR") == Decimal("5.02")
    assert average(10, 3, "JPY") == Decimal(3)


def test_there_is_no_share_of_nothing() -> None:
    assert share(0, 0) is None
    assert share(1, 3) == Decimal("0.3333")


def test_orders_by_hour_are_over_the_whole_period() -> None:
    assert per_hour(7, timedelta(hours=2)) == Decimal("3.5000")
    assert per_hour(1, timedelta(days=30)) == Decimal("0.0014")
