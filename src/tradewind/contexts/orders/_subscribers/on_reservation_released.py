"""Goods that somebody gave back (S3-28): an order, or an edit, that still counts on them is called off.

The saga that gave them back itself is being undone by then, and an order that was edited has others: nothing changes.
But staff of the warehouse may cancel a reservation where inventory runs apart; the order would wait for its buyer for
ever, since what is not held does not expire either, and be refused once they have paid.
"""

from collections.abc import Sequence

from tradewind.contexts.orders.lost_goods import call_off
from tradewind.contracts.inventory import InventoryReleased
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber


@apart
@subscriber
async def on_reservation_released(events: Sequence[InventoryReleased], tx: Tx) -> None:
    """Too late for a saga past its pivot: its goods have left, and whether they come back a person decides."""
    if gone := sorted({event.order_id for event in events if event.nothing_left}):
        await call_off(tx, gone, "its goods were given back")
