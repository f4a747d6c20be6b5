"""The port `SettlementReports` over a report that is read whole, line by line, as outside providers give theirs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

from msgspec import Struct

from tradewind.kernel.clock import now
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.settlements import Settlement

FRESH: Final = timedelta(seconds=1)
"""So long what was read is not read again: orders that differ are looked up one after the other."""
PAGE: Final = 1_000


class Line(Struct, frozen=True, kw_only=True):
    """One movement of money. One that is taken back is a line of the same operation below zero."""

    reference: str
    operation: Literal["capture", "refund"]
    amount: Money
    at: datetime


class Report(Struct, frozen=True):
    """All lines there are. `until`: what moved later may not be in it yet; None where everything is."""

    lines: Sequence[Line]
    until: datetime | None = None


class Totals(Struct):
    """What lines of one order in one currency come to."""

    captured: int = 0
    refunded: int = 0
    captures: int = 0
    refunds: int = 0
    days: set[date] = set()

    def add(self, line: Line) -> None:
        """Count one line; what is taken back is no piece, and takes one away."""
        minor, piece = line.amount.minor, 1 if line.amount.minor > 0 else -1
        self.days.add(line.at.astimezone(UTC).date())
        if line.operation == "capture":
            self.captured, self.captures = self.captured + minor, self.captures + piece
        else:
            self.refunded, self.refunds = self.refunded + minor, self.refunds + piece


class LinedSettlements:
    """See the port. `read` gives the whole report, and raises Unavailable."""

    def __init__(self, provider: str, read: Callable[[], Awaitable[Report]]) -> None:
        self._provider = provider
        self._read = read
        self._read_at: datetime | None = None
        self._totals: Mapping[str, Mapping[str, Totals]] = {}
        self._until: datetime | None = None

    @property
    def providers(self) -> Sequence[str]:
        """See the port."""
        return (self._provider,)

    async def until(self) -> datetime | None:
        """See the port."""
        await self._freshen()
        return self._until

    async def of(self, day: date | None) -> AsyncIterator[Sequence[Settlement]]:
        """See the port."""
        await self._freshen()
        found = [
            reference
            for reference, each in self._totals.items()
            if day is None or any(day in one.days for one in each.values())
        ]
        for start in range(0, len(found), PAGE):
            yield [one for reference in found[start : start + PAGE] for one in self._of(reference)]

    async def of_order(self, reference: str) -> Sequence[Settlement]:
        """See the port."""
        await self._freshen()
        return self._of(reference)

    def _of(self, reference: str) -> list[Settlement]:
        return [
            Settlement(
                provider=self._provider,
                reference=reference,
                currency=currency,
                captured_minor=one.captured,
                refunded_minor=one.refunded,
                captures=one.captures,
                refunds=one.refunds,
            )
            for currency, one in sorted(self._totals.get(reference, {}).items())
        ]

    async def _freshen(self) -> None:
        if self._read_at is None or abs(now() - self._read_at) > FRESH:
            report = await self._read()
            self._totals, self._until, self._read_at = _added(report.lines), report.until, now()


def unreadable(provider: str, where: str, **facts: Any) -> Unavailable:
    """The report cannot be read; `where` names the place and what is wrong there."""
    return Unavailable(f"The settlement report of {provider} cannot be read: {where}", provider=provider, **facts)


def _added(lines: Iterable[Line]) -> dict[str, dict[str, Totals]]:
    totals: dict[str, dict[str, Totals]] = {}
    for line in lines:
        totals.setdefault(line.reference, {}).setdefault(line.amount.currency, Totals()).add(line)
    return totals
