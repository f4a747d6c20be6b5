"""Goods that nobody confirmed in time are free again, by the database's clock."""

from tradewind.contexts.inventory._domain.reservation import goods, levels_of, moving
from tradewind.contexts.inventory._domain.settings import EXPIRE_EVERY_S, MAX_EXPIRED_AT_ONCE
from tradewind.contexts.inventory._store import reservations
from tradewind.contracts.inventory import InventoryReservationExpired
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.timers import Timer


async def expire_reservations(tx: Tx) -> int:
    """End held reservations whose time is over, those that nobody is working on; how many orders."""
    order_ids = await reservations.due(tx, MAX_EXPIRED_AT_ONCE)
    if not order_ids:
        return 0
    held, levels = await reservations.hold(tx, order_ids, InventoryReservationExpired)
    lines = moving(held, InventoryReservationExpired)
    lead_on = reservations.mark if planted("expire_without_giving_back") else reservations.lead_on
    after = lead_on(tx, lines, InventoryReservationExpired, levels)
    expired = goods(lines)
    for order in order_ids:
        items = expired.get(order, ())
        tx.tell(InventoryReservationExpired(order_id=order, items=items, levels=levels_of(items, after)))
    return len(order_ids)


EXPIRE_RESERVATIONS = Timer("inventory.expire_reservations", EXPIRE_EVERY_S, expire_reservations)
