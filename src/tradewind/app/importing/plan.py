"""Says what an import does, before it does anything: products, prices, opening stock, orders, returns. Pure.

Every id and every reference is told from the file's own numbers, so that a second run finds everything done.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

from tradewind.app.importing.buckets import CHARGES, ORDERED, Bucket, Tally, sort, tally
from tradewind.app.importing.countries import COUNTRIES
from tradewind.app.importing.pricing import PricePoint, histories
from tradewind.app.importing.reading import Row, Unreadable
from tradewind.app.importing.returns import Match, match, settled

SOURCE: Final = "online-retail"
NAMESPACE: Final = UUID("6d0f3c55-8f0e-5f0c-9a51-2c8f3a1b7e10")
"""Under it lie the ids of all imported orders and refunds; it must never change."""
MAX_NAME: Final = 200
Line = tuple[Row, Bucket]


class PlannedProduct(Struct, frozen=True, kw_only=True):
    """An article with all its prices, the oldest first."""

    sku: str
    name: str
    prices: tuple[PricePoint, ...]


class PlannedAdjustment(Struct, frozen=True, kw_only=True):
    """So many pieces come, or go where `delta` is negative; `reference` is what makes it happen once."""

    reference: str
    sku: str
    delta: int
    reason: str


class PlannedLine(Struct, frozen=True, kw_only=True):
    """So many of one thing at a price a piece, in pence; `kind` is goods or fee."""

    sku: str
    quantity: int
    price_minor: int
    kind: str


class PlannedOrder(Struct, frozen=True, kw_only=True):
    """One ordinary invoice."""

    id: UUID
    invoice: str
    user_id: str
    placed_at: datetime
    country: str | None
    lines: tuple[PlannedLine, ...]
    shipping_minor: int
    discount_minor: int

    @property
    def total_minor(self) -> int:
        """What the buyer owes."""
        lines = sum(line.quantity * line.price_minor for line in self.lines)
        return lines + self.shipping_minor - self.discount_minor


class PlannedReturn(Struct, frozen=True, kw_only=True):
    """What one credit note takes back of one order: money, and goods that are in stock again."""

    id: UUID
    order_id: UUID
    credit_note: str
    amount_minor: int
    goods: tuple[PlannedAdjustment, ...]


class Plan(Struct, frozen=True, kw_only=True):
    """All that an import does, and where every line went."""

    lines: int
    tallies: dict[Bucket, Tally]
    products: tuple[PlannedProduct, ...]
    opening: tuple[PlannedAdjustment, ...]
    orders: tuple[PlannedOrder, ...]
    write_offs: tuple[PlannedAdjustment, ...]
    returns: tuple[PlannedReturn, ...]


def plan(rows: Sequence[Row]) -> Plan:
    """The plan for all of `rows`."""
    first = list(zip(rows, sort(rows), strict=True))
    ordered = [line for line in first if line[1] in ORDERED | CHARGES]
    matches = match(first, ordered)
    buckets = settled(first, matches)
    lines = list(zip(rows, buckets, strict=True))
    return Plan(
        lines=len(rows),
        tallies=tally(rows, buckets),
        products=_products(rows, buckets),
        opening=_opening(lines),
        orders=_orders(ordered),
        write_offs=_write_offs(lines),
        returns=_returns(matches),
    )


def order_id(invoice: str) -> UUID:
    """The id of an invoice's order."""
    return uuid5(NAMESPACE, f"order/{invoice}")


def _products(rows: Sequence[Row], buckets: Sequence[Bucket]) -> tuple[PlannedProduct, ...]:
    names = _names(rows)
    return tuple(
        PlannedProduct(sku=code, name=names.get(code, code), prices=points)
        for code, points in histories(rows, buckets).items()
    )


def _names(rows: Sequence[Row]) -> dict[str, str]:
    """The description that most priced lines of a code have; of several such the first."""
    said: Mapping[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        name = "".join(letter for letter in row.description if letter.isprintable())[:MAX_NAME].strip()
        if name and row.price_minor > 0:
            said[row.code][name] += 1
    return {code: names.most_common(1)[0][0] for code, names in said.items()}


def _opening(lines: Sequence[Line]) -> tuple[PlannedAdjustment, ...]:
    """What the file sells, gives and writes off of each code, so that its orders never find the shelf empty."""
    needed: Counter[str] = Counter()
    for row, bucket in lines:
        if bucket in ORDERED or bucket is Bucket.WRITE_OFFS:
            needed[row.code] += abs(row.quantity)
    days = sorted(row.at.date() for row, _ in lines)
    period = f"{days[0]}/{days[-1]}"
    return tuple(
        PlannedAdjustment(reference=f"{SOURCE}:opening:{period}:{sku}", sku=sku, delta=quantity, reason="opening stock")
        for sku, quantity in sorted(needed.items())
    )


def _write_offs(lines: Iterable[Line]) -> tuple[PlannedAdjustment, ...]:
    written_off = [row for row, bucket in lines if bucket is Bucket.WRITE_OFFS]
    return _adjustments(written_off, "write-off", lambda row: f"{SOURCE}:{row.invoice}:{row.code}")


def _adjustments(rows: Iterable[Row], reason: str, reference: Callable[[Row], str]) -> tuple[PlannedAdjustment, ...]:
    """One adjustment a reference; lines of the same reference are taken together. What is credited comes back."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        sums[reference(row), row.code] += abs(row.quantity) if row.is_credit else row.quantity
    return tuple(
        PlannedAdjustment(reference=of, sku=sku, delta=delta, reason=reason) for (of, sku), delta in sums.items()
    )


def _orders(ordered: Iterable[Line]) -> tuple[PlannedOrder, ...]:
    invoices: dict[str, list[Line]] = defaultdict(list)
    for line in ordered:
        invoices[line[0].invoice].append(line)
    orders = tuple(_order(lines) for lines in invoices.values())
    _check(orders, {invoice: lines[0][0].line for invoice, lines in invoices.items()})
    return orders


def _order(lines: Sequence[Line]) -> PlannedOrder:
    """The order of one invoice; its date is that of the first line."""
    first = lines[0][0]
    return PlannedOrder(
        id=order_id(first.invoice),
        invoice=first.invoice,
        user_id=f"retail:{first.customer}" if first.customer else f"retail:guest:{first.invoice}",
        placed_at=first.at,
        country=COUNTRIES[first.country],
        lines=tuple(_line(row, bucket) for row, bucket in lines if bucket in ORDERED or bucket is Bucket.FEES),
        shipping_minor=sum(row.amount_minor for row, bucket in lines if bucket is Bucket.SHIPPING),
        discount_minor=-sum(row.amount_minor for row, bucket in lines if bucket is Bucket.DISCOUNTS),
    )


def _check(orders: Iterable[PlannedOrder], line_of: Mapping[str, int]) -> None:
    """Refuse (Unreadable) invoices on which the discounts come to more than everything else."""
    errors = [
        {"line": line_of[order.invoice], "detail": f"invoice {order.invoice} comes to less than nothing"}
        for order in orders
        if order.total_minor < 0
    ]
    if errors:
        raise Unreadable(f"Nothing was brought in; errors found: {len(errors)}.", errors=errors)


def _line(row: Row, bucket: Bucket) -> PlannedLine:
    kind = "fee" if bucket is Bucket.FEES else "goods"
    return PlannedLine(sku=row.code, quantity=row.quantity, price_minor=row.price_minor, kind=kind)


def _returns(matches: Iterable[Match]) -> tuple[PlannedReturn, ...]:
    pairs: dict[tuple[str, str], list[Match]] = defaultdict(list)
    for one in matches:
        pairs[one.row.invoice, one.invoice].append(one)
    return tuple(_return(credit_note, invoice, lines) for (credit_note, invoice), lines in pairs.items())


def _return(credit_note: str, invoice: str, lines: Sequence[Match]) -> PlannedReturn:
    goods = [one.row for one in lines if one.is_goods]
    return PlannedReturn(
        id=uuid5(NAMESPACE, f"refund/{credit_note}/{invoice}"),
        order_id=order_id(invoice),
        credit_note=credit_note,
        amount_minor=-sum(one.row.amount_minor for one in lines),
        goods=_adjustments(goods, "returned", lambda row: f"{SOURCE}:{credit_note}/{invoice}:{row.code}"),
    )
