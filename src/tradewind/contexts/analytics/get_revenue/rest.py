"""GET /api/v1/analytics/revenue."""

from datetime import datetime

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.analytics._domain.periods import UnfitPeriod
from tradewind.contexts.analytics.get_revenue.query import GetRevenue, RevenueReport
from tradewind.ports.columns import ColumnsAway, Grain, TooManyRows


@get("/api/v1/analytics/revenue", raises=(UnfitPeriod, TooManyRows, ColumnsAway))
async def get_revenue(
    call: Call,
    dispatch: Dispatch,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Grain = Grain.DAY,
) -> RevenueReport:
    """See what was captured and refunded by minute, hour or day (UTC), from `since` up to `until`; by default the last
    30 days."""
    answer: RevenueReport = await dispatch(GetRevenue(since=since, until=until, by=by), call)
    return answer
