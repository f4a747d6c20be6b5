"""GET /api/v1/analytics/exports/…: the same reports for spreadsheets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from tradewind.api.rest import Call, Dispatch, Reply, get
from tradewind.contexts.analytics._domain.csv_rows import csv_of
from tradewind.contexts.analytics._domain.periods import UnfitPeriod
from tradewind.contexts.analytics.get_revenue.query import GetRevenue, RevenueReport, RevenueView
from tradewind.contexts.analytics.list_top_products.query import (
    MAX_PRODUCTS,
    ListTopProducts,
    ProductSalesView,
    TopProducts,
)
from tradewind.ports.columns import ColumnsAway, Grain

CSV: Final = "text/csv"


@get("/api/v1/analytics/exports/revenue.csv", raises=(UnfitPeriod, ColumnsAway), content_type=CSV)
async def export_revenue(
    call: Call,
    dispatch: Dispatch,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Grain = Grain.DAY,
) -> Reply:
    """Get revenue as CSV."""
    found: RevenueReport = await dispatch(GetRevenue(since=since, until=until, by=by), call)
    return _file("revenue", RevenueView, found.items)


@get("/api/v1/analytics/exports/top-products.csv", raises=(UnfitPeriod, ColumnsAway), content_type=CSV)
async def export_top_products(
    call: Call,
    dispatch: Dispatch,
    since: datetime | None = None,
    until: datetime | None = None,
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR",
) -> Reply:
    """Get what sold for most as CSV. Texts that a spreadsheet would calculate begin with an apostrophe."""
    asked = ListTopProducts(since=since, until=until, currency=currency, limit=MAX_PRODUCTS)
    found: TopProducts = await dispatch(asked, call)
    return _file("top-products", ProductSalesView, found.items)


def _file(name: str, row: type[Struct], rows: Sequence[Struct]) -> Reply:
    headers = {
        "Content-Type": f"{CSV}; charset=utf-8; header=present",
        "Content-Disposition": f'attachment; filename="{name}.csv"',
    }
    return Reply(content=csv_of(row, rows), headers=headers)
