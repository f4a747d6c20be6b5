"""GET /api/v1/analytics/sales."""

from datetime import datetime

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.analytics._domain.periods import UnfitPeriod
from tradewind.contexts.analytics.summarize_sales.query import SalesSummary, SummarizeSales
from tradewind.ports.columns import ColumnsAway


@get("/api/v1/analytics/sales", raises=(UnfitPeriod, ColumnsAway))
async def summarize_sales(
    call: Call, dispatch: Dispatch, since: datetime | None = None, until: datetime | None = None
) -> SalesSummary:
    """See how the shop does: orders per hour, average order value, carts abandoned; by default of the last 30 days."""
    answer: SalesSummary = await dispatch(SummarizeSales(since=since, until=until), call)
    return answer
