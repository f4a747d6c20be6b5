"""Two sides of the same money, order by order: pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from tradewind.kernel.money import Money
from tradewind.ports.settlements import Settlement


class Kind(StrEnum):
    """How two sides can differ."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT_DIFFERS = "amount_differs"
    CURRENCY_DIFFERS = "currency_differs"
    DUPLICATED = "duplicated"


class Difference(Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing about which a provider and we do not agree. `reference` is the order's id, as the provider was told."""

    kind: Kind
    reference: str
    operation: str
    provider: str
    currency: str
    theirs: Decimal
    ours: Decimal


class Booked(Struct, frozen=True, kw_only=True):
    """What our books say of an order. `moving`: a call to the provider may be under way."""

    reference: str
    currency: str
    captured_minor: int
    refunded_minor: int
    moving: bool = False


class Pieces(Struct, frozen=True):
    """What one side moved by one operation: its sum, and in how many pieces."""

    minor: int
    pieces: int


OPERATIONS: Final = ("capture", "refund")


def compare(theirs: Sequence[Settlement], ours: Booked | None) -> list[Difference]:
    """Every difference about one order; `theirs` is all that any provider says of it."""
    return [found for operation in OPERATIONS if (found := _compare(operation, theirs, ours)) is not None]


def by_reference(settlements: Iterable[Settlement]) -> dict[str, list[Settlement]]:
    """What all providers say, order by order."""
    found: dict[str, list[Settlement]] = defaultdict(list)
    for one in settlements:
        found[one.reference].append(one)
    return found


def _compare(operation: str, theirs: Sequence[Settlement], ours: Booked | None) -> Difference | None:
    moved = [(one, piece) for one in theirs if (piece := _pieces(operation, one)).minor]
    booked = 0 if ours is None else ours.captured_minor if operation == "capture" else ours.refunded_minor
    currencies = {one.currency for one, _ in moved}
    total = sum(piece.minor for _, piece in moved)
    known = ours.currency if ours is not None and booked else next(iter(sorted(currencies)), "")
    if not moved and not booked:
        return None
    if not moved:
        kind = Kind.MISSING_THERE
    elif not booked:
        kind = Kind.MISSING_HERE
    elif currencies != {known}:
        kind = Kind.CURRENCY_DIFFERS
    elif total == booked:
        return None
    else:
        pieces = sum(piece.pieces for _, piece in moved)
        kind = Kind.DUPLICATED if pieces > 1 and total == pieces * booked else Kind.AMOUNT_DIFFERS
    said_in = known if currencies in ({known}, set()) else min(currencies)
    return Difference(
        kind=kind,
        reference=theirs[0].reference if theirs else ours.reference if ours else "",
        operation=operation,
        provider=", ".join(sorted({one.provider for one, _ in moved})),
        currency=known,
        theirs=Money(total, said_in).amount,
        ours=Money(booked, known).amount,
    )


def _pieces(operation: str, one: Settlement) -> Pieces:
    if operation == "capture":
        return Pieces(one.captured_minor, one.captures)
    return Pieces(one.refunded_minor, one.refunds)
