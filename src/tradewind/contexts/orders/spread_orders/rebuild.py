"""Make the lists that are kept elsewhere anew from the log, while the shop goes on.

Until it is done whoever asks is answered from the orders' own rows. Who dies in the middle leaves it to the worker.
"""

from tradewind.contexts.orders.spread_orders.timer import NAME, bring_on
from tradewind.ports.order_lists import OrderLists
from tradewind.runtime import spreading
from tradewind.runtime.database import Database


async def rebuild_lists(db: Database, lists: OrderLists) -> bool:
    """Whether any lists are kept; they are as the log is then. Raises OrderListsAway, DatabaseAway."""
    return await spreading.anew(db, lists, NAME, lambda: bring_on(db, lists))
