"""The analytics context's table of contents."""

from pathlib import Path

from tradewind.contexts.analytics._domain.days import first_day_open
from tradewind.contexts.analytics._projections.authorized_payments import authorized_payments
from tradewind.contexts.analytics._subscribers.gather import gather
from tradewind.contexts.analytics.export_report import rest as export_report_rest
from tradewind.contexts.analytics.get_daily_revenue import rest as get_daily_revenue_rest
from tradewind.contexts.analytics.get_daily_revenue.query import get_daily_revenue
from tradewind.contexts.analytics.get_revenue import rest as get_revenue_rest
from tradewind.contexts.analytics.get_revenue.query import get_revenue
from tradewind.contexts.analytics.list_daily_sales import rest as list_daily_sales_rest
from tradewind.contexts.analytics.list_daily_sales.query import list_daily_sales
from tradewind.contexts.analytics.list_top_products import rest as list_top_products_rest
from tradewind.contexts.analytics.list_top_products.query import list_top_products
from tradewind.contexts.analytics.load_columns.timer import LOAD_COLUMNS
from tradewind.contexts.analytics.rebuild_columns.rebuild import rebuild_columns
from tradewind.contexts.analytics.sum_up_sales.batch import Asked, SummedUp, batches
from tradewind.contexts.analytics.sum_up_sales.timer import SUM_UP_SALES
from tradewind.contexts.analytics.summarize_sales import rest as summarize_sales_rest
from tradewind.contexts.analytics.summarize_sales.query import summarize_sales
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "Asked", "SummedUp", "batches", "first_day_open", "rebuild_columns"]

MANIFEST = Manifest(
    name="analytics",
    migrations=Path(__file__).parent / "migrations",
    handlers=(get_revenue, get_daily_revenue, list_top_products, summarize_sales, list_daily_sales),
    routes=(
        get_revenue_rest.get_revenue,
        get_daily_revenue_rest.get_daily_revenue,
        list_top_products_rest.list_top_products,
        summarize_sales_rest.summarize_sales,
        list_daily_sales_rest.list_daily_sales,
        export_report_rest.export_revenue,
        export_report_rest.export_top_products,
    ),
    timers=(LOAD_COLUMNS, SUM_UP_SALES),
    subscribers=(gather, authorized_payments),
)
