"""Bring what the log says of orders to the lists that are kept elsewhere, where they are.

The lists are written between two looks at the log, inside no transaction, and say themselves how far they are. Who dies
in between has put what is put again, and shows once. While they are away the log waits; nothing else does.
"""

from typing import Any, Final, cast

from tradewind.contexts.orders._projections.order_changes import HEARD, Heard, order_change
from tradewind.ports.order_lists import OrderLists, OrderListsAway, Reached
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.reading import Cursor, read
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.timers import Timer

EVERY_S: Final = 0.5
BATCH: Final = 1_000
"""Events of the log that are read at once."""


async def spread_orders(db: Database) -> int:
    """What comes next in the log; how many events that was where more are waiting, otherwise none."""
    lists: Any = db.peers[OrderLists]
    try:
        return await bring_on(db, lists)
    except OrderListsAway:  # its adapter has said so
        return 0


async def bring_on(db: Database, lists: OrderLists) -> int:
    """As `spread_orders`; raises OrderListsAway."""
    reached = await lists.reached()
    if reached is None:
        return 0
    async with db.reading(internal_call("orders.spread")) as tx:
        batch = await read(tx.connection, Cursor(*reached), BATCH)
    is_all = len(batch) < BATCH
    upto = Reached(*batch[-1].at) if batch else reached
    mine = [logged for logged in batch if logged.type in HEARD]
    changes = [order_change(cast(Heard, logged.event), logged.at.position) for logged in mine]
    await lists.put(changes, upto, is_all=is_all)
    metrics.order_lists_lag_ms.set(batch[0].age_ms if batch else 0.0)
    return 0 if is_all else len(batch)


SPREAD_ORDERS = Timer("orders.spread", EVERY_S, spread_orders, apart=True)
