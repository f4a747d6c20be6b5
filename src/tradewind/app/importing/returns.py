"""Finds for each line of a credit note the order that it takes back from: pure.

A line of goods belongs to the latest earlier order of the same customer that has enough of the code left; a credit
without goods (discount, shipping, fee) to the latest earlier order. Either way the order must have enough money left.
A line is never split over two orders; a line without such an order is unmatched credit.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from tradewind.app.importing.buckets import ORDERED, UNMATCHED, Bucket
from tradewind.app.importing.reading import Row


class Match(Struct, frozen=True):
    """A line of a credit note, and the invoice of the order that it takes back from."""

    row: Row
    invoice: str
    is_goods: bool


class _Bought:
    """What is left of an order: pieces by code, and money."""

    def __init__(self, first: Row) -> None:
        self.invoice, self.at, self.money = first.invoice, first.at, 0
        self.pieces: dict[str, int] = defaultdict(int)

    def add(self, row: Row, bucket: Bucket) -> None:
        self.money += row.amount_minor
        if bucket in ORDERED:
            self.pieces[row.code] += row.quantity

    def covers(self, row: Row, *, goods: bool) -> bool:
        enough = not goods or self.pieces[row.code] >= -row.quantity
        return self.at <= row.at and enough and self.money >= -row.amount_minor

    def take_back(self, row: Row, *, goods: bool) -> None:
        self.money += row.amount_minor
        if goods:
            self.pieces[row.code] += row.quantity


def match(lines: Iterable[tuple[Row, Bucket]], ordered: Iterable[tuple[Row, Bucket]]) -> list[Match]:
    """The credits of `lines` that have an order among `ordered` (every line that is part of an order)."""
    orders = _orders(ordered)
    matches: list[Match] = []
    for row, bucket in sorted(lines, key=lambda line: (line[0].at, line[0].line)):
        if bucket not in UNMATCHED:
            continue
        goods = bucket is Bucket.RETURNED_GOODS
        bought = next((one for one in orders.get(row.customer, ()) if one.covers(row, goods=goods)), None)
        if bought is not None and row.customer:
            bought.take_back(row, goods=goods)
            matches.append(Match(row, bought.invoice, goods))
    return matches


def _orders(ordered: Iterable[tuple[Row, Bucket]]) -> dict[str, list[_Bought]]:
    """By customer, the latest first."""
    by_invoice: dict[str, _Bought] = {}
    by_customer: dict[str, list[_Bought]] = defaultdict(list)
    for row, bucket in ordered:
        if row.invoice not in by_invoice:
            by_invoice[row.invoice] = _Bought(row)
            by_customer[row.customer].append(by_invoice[row.invoice])
        by_invoice[row.invoice].add(row, bucket)
    for bought in by_customer.values():
        bought.sort(key=lambda one: (one.at, one.invoice), reverse=True)
    return dict(by_customer)


def settled(lines: Sequence[tuple[Row, Bucket]], matches: Iterable[Match]) -> list[Bucket]:
    """The bucket of every line, now that it is known which credits have an order."""
    matched = {one.row.line for one in matches}
    return [bucket if row.line in matched else UNMATCHED.get(bucket, bucket) for row, bucket in lines]
