"""Goods whose time ran out: the order, or the edit that they were for, is called off (S1-99)."""

from tradewind.contexts.orders.lost_goods import call_off
from tradewind.contracts.inventory import InventoryReservationExpired
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_reservation_expired(event: InventoryReservationExpired, tx: Tx) -> None:
    """A saga past its pivot has confirmed its reservation, which then cannot expire; a late event changes nothing.

    What was held for something that is neither order nor edit is nothing to orders.
    """
    await call_off(tx, [event.order_id], "the reservation expired")
