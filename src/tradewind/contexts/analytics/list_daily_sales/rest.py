"""GET /api/v1/analytics/sales/daily."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.analytics._domain.periods import UnfitPeriod
from tradewind.contexts.analytics.list_daily_sales.query import MAX_PAGE, DailySalesPage, ListDailySales
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/analytics/sales/daily", raises=(UnfitPeriod, UnfitCursor))
async def list_daily_sales(
    call: Call,
    dispatch: Dispatch,
    since: date | None = None,
    until: date | None = None,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 50,
    cursor: Cursor | None = None,
) -> DailySalesPage:
    """See what was sold on each day (UTC) that is over, newest first, as it was last summed up."""
    command = ListDailySales(since=since, until=until, limit=limit, cursor=cursor)
    answer: DailySalesPage = await dispatch(command, call)
    return answer
