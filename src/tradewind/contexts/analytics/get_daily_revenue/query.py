"""What was paid on each day, and what of it was called off."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from tradewind.contexts.analytics._domain.periods import period
from tradewind.contracts.messages import Command
from tradewind.kernel.money import Money
from tradewind.ports.columns import Columns
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetDailyRevenue(Command, frozen=True):
    """Of the days that begin from `since` up to `until`."""

    since: datetime | None = None
    until: datetime | None = None


class DailyRevenueView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Orders of one currency that were paid on this day, and paid orders that were called off on it."""

    day: date
    currency: str
    paid: Decimal
    canceled: Decimal
    orders_paid: int
    orders_canceled: int


class DailyRevenueReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """Day by day, in UTC; days on which nothing was paid or called off are left out."""

    since: datetime
    until: datetime
    items: Sequence[DailyRevenueView]


@query(action="analytics.read")
async def get_daily_revenue(command: GetDailyRevenue, tx: Tx) -> DailyRevenueReport:
    """Refuses UnfitPeriod, TooManyRows and ColumnsAway."""
    since, until = period(command.since, command.until)
    found = await tx.peer(Columns).daily_revenue(since, until)
    items = [
        DailyRevenueView(
            day=one.day.date(),
            currency=one.currency,
            paid=Money(one.paid_minor, one.currency).amount,
            canceled=Money(one.canceled_minor, one.currency).amount,
            orders_paid=one.paid,
            orders_canceled=one.canceled,
        )
        for one in found
    ]
    return DailyRevenueReport(since=since, until=until, items=items)
