"""What goods cost when, told from what they were sold for: pure.

A retailer sells one article at several prices on one day (by the dozen, to the trade). The price of a day is the one
that most lines of that day have; of several such the one that came first. It counts from its first line on that day.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from tradewind.app.importing.buckets import Bucket, prices
from tradewind.app.importing.reading import Row


class PricePoint(Struct, frozen=True):
    """From this moment on one piece costs so many pence."""

    since: datetime
    minor: int


def histories(rows: Sequence[Row], buckets: Sequence[Bucket]) -> dict[str, tuple[PricePoint, ...]]:
    """The price history of every code that has a price, by code; each point differs from the one before.

    What was sold says the price; of goods that were only returned, the credit notes do.
    """
    sold = _by_code([row for row, bucket in zip(rows, buckets, strict=True) if bucket is Bucket.GOODS_SOLD])
    other = _by_code([row for row in rows if prices(row) and row.code not in sold])
    return {code: _history(lines) for code, lines in sorted({**sold, **other}.items())}


def _by_code(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: Mapping[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.at, row.line)):
        found[row.code].append(row)
    return dict(found)


def _history(lines: Sequence[Row]) -> tuple[PricePoint, ...]:
    days: Mapping[date, list[Row]] = defaultdict(list)
    for row in lines:
        days[row.at.date()].append(row)
    points: list[PricePoint] = []
    for day in days.values():
        point = _usual(day)
        if not points or points[-1].minor != point.minor:
            points.append(point)
    return tuple(points)


def _usual(day: Sequence[Row]) -> PricePoint:
    """`Counter` keeps the order in which prices came, so the first of several most usual ones wins."""
    usual, _ = Counter(row.price_minor for row in day).most_common(1)[0]
    return PricePoint(next(row.at for row in day if row.price_minor == usual), usual)
