"""The analytics context's table of contents."""

from pathlib import Path

from tradewind.contexts.analytics._subscribers.gather import gather
from tradewind.contexts.analytics.get_revenue import rest as get_revenue_rest
from tradewind.contexts.analytics.get_revenue.query import get_revenue
from tradewind.contexts.analytics.load_columns.timer import LOAD_COLUMNS
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="analytics",
    migrations=Path(__file__).parent / "migrations",
    handlers=(get_revenue,),
    routes=(get_revenue_rest.get_revenue,),
    timers=(LOAD_COLUMNS,),
    subscribers=(gather,),
)
