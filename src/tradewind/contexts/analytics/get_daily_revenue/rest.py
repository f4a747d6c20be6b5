"""GET /api/v1/analytics/daily-revenue."""

from datetime import datetime

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.analytics._domain.periods import UnfitPeriod
from tradewind.contexts.analytics.get_daily_revenue.query import DailyRevenueReport, GetDailyRevenue
from tradewind.ports.columns import ColumnsAway, TooManyRows


@get("/api/v1/analytics/daily-revenue", raises=(UnfitPeriod, TooManyRows, ColumnsAway))
async def get_daily_revenue(
    call: Call, dispatch: Dispatch, since: datetime | None = None, until: datetime | None = None
) -> DailyRevenueReport:
    """See what orders were paid day by day (UTC), and what of it was called off."""
    answer: DailyRevenueReport = await dispatch(GetDailyRevenue(since=since, until=until), call)
    return answer
