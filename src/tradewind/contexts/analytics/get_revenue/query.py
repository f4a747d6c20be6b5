"""What came in and went back, piece of time by piece of time."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tradewind.contexts.analytics._domain.periods import period
from tradewind.contracts.messages import Command
from tradewind.kernel.money import Money
from tradewind.ports.columns import Columns, Grain
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetRevenue(Command, frozen=True):
    """Of the time from `since` up to `until`, by minute, hour or day."""

    since: datetime | None = None
    until: datetime | None = None
    by: Grain = Grain.DAY


class RevenueView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Money of one currency in one piece of time: what was captured, what was refunded, and the difference."""

    start: datetime
    currency: str
    captured: Decimal
    refunded: Decimal
    net: Decimal
    captures: int
    refunds: int


class RevenueReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """Revenue of a period; pieces of time in which no money moved are left out."""

    since: datetime
    until: datetime
    by: Grain
    items: Sequence[RevenueView]


@query(action="analytics.read")
async def get_revenue(command: GetRevenue, tx: Tx) -> RevenueReport:
    """Refuses UnfitPeriod, TooManyRows and ColumnsAway."""
    since, until = period(command.since, command.until, command.by)
    found = await tx.peer(Columns).revenue(since, until, command.by)
    items = [
        RevenueView(
            start=one.start,
            currency=one.currency,
            captured=Money(one.captured_minor, one.currency).amount,
            refunded=Money(one.refunded_minor, one.currency).amount,
            net=Money(one.captured_minor - one.refunded_minor, one.currency).amount,
            captures=one.captures,
            refunds=one.refunds,
        )
        for one in found
    ]
    return RevenueReport(since=since, until=until, by=command.by, items=items)
