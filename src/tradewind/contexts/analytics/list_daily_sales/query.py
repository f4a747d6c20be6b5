"""What was sold on each day that is over, as it was summed up: rows alone, the columns are not asked."""

from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct

from tradewind.contexts.analytics._domain.periods import UnfitPeriod
from tradewind.contexts.analytics._domain.sales import SalesView
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import Keyset, Text
from tradewind.ports.columns import Sales
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE: Final = 200
LIST: Final = """
    SELECT day, currency, orders, paid, called_off, customers, pieces, total_minor, computed_at
    FROM analytics.daily_sales
    WHERE day >= $1 AND day < $2 AND (day, currency) < ($3, $4)
    ORDER BY day DESC, currency DESC LIMIT $5
"""
NEWEST: Final = Keyset("daily-sales", tuple[date, Text], (date.max, ""))


class ListDailySales(Command, frozen=True):
    """Of the days from `since` up to `until`, or of all. `cursor` is `next` of the page before."""

    since: date | None = None
    until: date | None = None
    limit: int = 50
    cursor: str | None = None


class DailySalesView(SalesView, frozen=True, kw_only=True, rename="camel"):
    """Orders of one currency that were placed on this day (UTC): all, and those paid and called off. `total`, `pieces`
    and `averageOrderValue` are without those called off; `customers` are different buyers. It is what was known at
    `computedAt`."""

    day: date
    computed_at: datetime


class DailySalesPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some days, and where the next ones begin. A day without orders has no row."""

    items: list[DailySalesView]
    next: str | None


@query(action="analytics.read")
async def list_daily_sales(command: ListDailySales, tx: Tx) -> DailySalesPage:
    """The newest first. Refuses UnfitPeriod and UnfitCursor."""
    since, until = command.since or date.min, command.until or date.max
    if not since < until:
        raise UnfitPeriod("The period ends before it begins.")
    limit = min(command.limit, MAX_PAGE)
    rows = await tx.all(LIST, since, until, *NEWEST.after(command.cursor), limit + 1)
    shown, next_ = NEWEST.page(rows, limit, lambda row: (row["day"], row["currency"]))
    return DailySalesPage(items=[_view(row) for row in shown], next=next_)


def _view(row: Any) -> DailySalesView:
    sales = Sales(*(row[name] for name in Sales.__struct_fields__))
    return DailySalesView.of(sales, day=row["day"], computed_at=row["computed_at"])
