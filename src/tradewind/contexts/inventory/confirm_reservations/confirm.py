"""Confirm: held goods leave the stock for good."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.contexts.inventory._domain.reservation import State, goods, levels_of, moving
from tradewind.contexts.inventory._store import reservations
from tradewind.contracts.inventory import ReservationConfirmed
from tradewind.runtime.database import Tx


async def confirm(tx: Tx, order_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Take held goods out of stock; the orders whose goods are out, now or before. Those that expired are missing."""
    lines, levels = await reservations.hold(tx, order_ids, ReservationConfirmed)
    fresh = moving(lines, ReservationConfirmed)
    if fresh:
        after = reservations.lead_on(tx, fresh, ReservationConfirmed, levels)
        for order_id, items in goods(fresh).items():
            tx.tell(ReservationConfirmed(order_id=order_id, items=items, levels=levels_of(items, after)))
    out = {State.HELD, State.CONFIRMED}
    return frozenset(line.order_id for line in lines) - {line.order_id for line in lines if line.state not in out}
