"""GET /api/v1/analytics/top-products."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.analytics._domain.periods import UnfitPeriod
from tradewind.contexts.analytics.list_top_products.query import MAX_PRODUCTS, ListTopProducts, TopProducts
from tradewind.ports.columns import ColumnsAway


@get("/api/v1/analytics/top-products", raises=(UnfitPeriod, ColumnsAway))
async def list_top_products(
    call: Call,
    dispatch: Dispatch,
    since: datetime | None = None,
    until: datetime | None = None,
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR",
    limit: Annotated[int, Meta(ge=1, le=MAX_PRODUCTS)] = 20,
) -> TopProducts:
    """See what sold for most, in orders that were not called off."""
    answer: TopProducts = await dispatch(
        ListTopProducts(since=since, until=until, currency=currency, limit=limit), call
    )
    return answer
