"""GET /sse/flash-sales."""

from typing import Final

from msgspec import Struct

from tradewind.api.live import Follow
from tradewind.api.rest import Call, Dispatch, stream
from tradewind.contexts.pricing.list_flash_sales.query import FlashSalePage
from tradewind.contexts.pricing.watch_flash_sales.channel import NAMES
from tradewind.contexts.pricing.watch_flash_sales.query import STANDING, WatchFlashSales

TOLD: Final[dict[str, type[Struct]]] = {STANDING: FlashSalePage, **{name: event for event, name in NAMES.items()}}


@stream("/sse/flash-sales", public=True, events=TOLD)
async def watch_flash_sales(call: Call, dispatch: Dispatch) -> Follow:
    """Flash sales as they happen: those that run and those to come, then every start, sell-out, reopening and end.

    Each event has an id; come back with `Last-Event-ID` and nothing is missed.
    """
    follow: Follow = await dispatch(WatchFlashSales(), call)
    return follow
