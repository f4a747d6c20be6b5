"""Bring what the log says of orders to the lists that are kept elsewhere, where they are."""

from collections.abc import Sequence
from typing import Any, Final, cast

from tradewind.contexts.orders._projections.order_changes import HEARD, Heard, order_change
from tradewind.ports.order_lists import Change, OrderLists, OrderListsAway
from tradewind.runtime import spreading
from tradewind.runtime.database import Database
from tradewind.runtime.reading import Logged
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.timers import Timer

NAME: Final = "orders.spread"


async def spread_orders(db: Database) -> int:
    """What comes next in the log; how many events that was where more are waiting, otherwise none."""
    lists: Any = db.peers[OrderLists]
    try:
        return await bring_on(db, lists)
    except OrderListsAway:  # its adapter has said so
        return 0


async def bring_on(db: Database, lists: OrderLists) -> int:
    """As `spread_orders`; raises OrderListsAway."""
    return await spreading.unless_emptied(db, lists, NAME, lambda _: _step(db, lists))


async def _step(db: Database, lists: OrderLists) -> int:
    return await spreading.bring_on(db, lists, HEARD, _changes, name=NAME, lag_ms=metrics.order_lists_lag_ms)


def _changes(some: Sequence[Logged]) -> list[Change]:
    return [order_change(cast(Heard, logged.event), logged.at.position) for logged in some]


SPREAD_ORDERS = Timer(NAME, spreading.EVERY_S, spread_orders, apart=True)
