"""Goods whose time ran out: the order, or the edit that they were for, is called off (S1-99)."""

from contextlib import suppress
from typing import Final

from tradewind.contexts.orders.payers import PAYING
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.contracts.inventory import InventoryReservationExpired
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.signals import NoSuchSaga
from tradewind.runtime.subscriptions import subscriber

OURS: Final = {one.name: one for one in PAYING} | {one.name: PLACE_ORDER for one in PLACING}


@subscriber
async def on_reservation_expired(event: InventoryReservationExpired, tx: Tx) -> None:
    """A saga past its pivot has confirmed its reservation, which then cannot expire; a late event changes nothing.

    What was held for something that is neither order nor edit is nothing to orders.
    """
    with suppress(NoSuchSaga):
        row = await signals.find(tx, PAYING, event.order_id)
        await signals.cancel(tx, OURS[row["name"]], event.order_id, "the reservation expired")
