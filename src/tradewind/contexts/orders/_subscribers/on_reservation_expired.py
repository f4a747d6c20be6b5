"""Goods whose time ran out: the order, or the edit that they were for, is called off (S1-99)."""

from contextlib import suppress
from typing import Final

from tradewind.contexts.orders.edit_order.elsewhere import EDIT_ELSEWHERE
from tradewind.contexts.orders.edit_order.saga import EDIT_ORDER
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.orders.place_order.waiting import PLACE_BACKORDER
from tradewind.contracts.inventory import InventoryReservationExpired
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.signals import NoSuchSaga
from tradewind.runtime.subscriptions import subscriber

OURS: Final = {one.name: one for one in (EDIT_ORDER, EDIT_ELSEWHERE, PLACE_ORDER)} | {PLACE_BACKORDER.name: PLACE_ORDER}


@subscriber
async def on_reservation_expired(event: InventoryReservationExpired, tx: Tx) -> None:
    """A saga past its pivot has confirmed its reservation, which then cannot expire; a late event changes nothing.

    What was held for something that is neither order nor edit is nothing to orders.
    """
    with suppress(NoSuchSaga):
        row = await signals.find(tx, event.order_id)
        if saga := OURS.get(row["name"]):
            await signals.cancel(tx, saga, event.order_id, "the reservation expired")
