"""Figures that are quotients: exact until the last digit, which is rounded half to even."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from tradewind.kernel.money import Money

FOUR_DIGITS: Final = Decimal("0.0001")
_HOUR: Final = timedelta(hours=1)


def average(total_minor: int, many: int, currency: str) -> Decimal:
    """The amount of each of `many`, in the currency's own digits; nothing where there are none."""
    return Money(round(Decimal(total_minor) / many) if many else 0, currency).amount


def share(part: int, whole: int) -> Decimal | None:
    """From 0 to 1, four digits; None of nothing."""
    return (Decimal(part) / whole).quantize(FOUR_DIGITS) if whole else None


def per_hour(many: int, over: timedelta) -> Decimal:
    """So many in an hour, four digits."""
    return (many * Decimal(_HOUR / timedelta(microseconds=1)) / (over // timedelta(microseconds=1))).quantize(
        FOUR_DIGITS
    )
