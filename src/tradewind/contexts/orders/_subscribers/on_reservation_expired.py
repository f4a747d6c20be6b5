"""Goods whose time ran out: the order is called off (S1-99)."""

from contextlib import suppress

from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contracts.inventory import InventoryReservationExpired
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.signals import NoSuchSaga
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_reservation_expired(event: InventoryReservationExpired, tx: Tx) -> None:
    """A saga past its pivot has confirmed its reservation, which then cannot expire; a late event changes nothing.

    What was held for something that is no order is nothing to orders.
    """
    with suppress(NoSuchSaga):
        await signals.cancel(tx, PLACE_ORDER, event.order_id, "the reservation expired")
