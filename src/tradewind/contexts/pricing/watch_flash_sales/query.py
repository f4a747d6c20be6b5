"""Follow the flash sales: how they stand, then whatever happens to them."""

from tradewind.api.live import Follow
from tradewind.contexts.pricing.list_flash_sales.query import MAX_PAGE, ListFlashSales, list_flash_sales
from tradewind.contexts.pricing.watch_flash_sales.channel import FlashSaleChannel
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

STANDING = "flash_sales"
"""The event with which a stream begins: the sales that run and those to come."""


class WatchFlashSales(Command, frozen=True):
    """See what happens to flash sales from now on."""


@query(action="pricing.list_flash_sales")
async def watch_flash_sales(command: WatchFlashSales, tx: Tx) -> Follow:
    """Who follows first and looks afterwards misses nothing; what happens in between is told twice."""
    follow = tx.peer(FlashSaleChannel).follow()
    follow.open_with(STANDING, await list_flash_sales(ListFlashSales(limit=MAX_PAGE), tx))
    return follow
