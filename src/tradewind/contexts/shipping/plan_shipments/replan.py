"""Hold a planned shipment back, or send it elsewhere, while its goods are in the house: what an order's edit needs."""

from collections.abc import Mapping
from uuid import UUID

from tradewind.contexts.shipping._domain.countries import unavailable
from tradewind.contexts.shipping._domain.shipment import LIFECYCLE, Hold, Status
from tradewind.contexts.shipping._domain.task import State
from tradewind.contexts.shipping._store import shipments, tasks
from tradewind.runtime.database import Tx


async def hold(tx: Tx, order_id: UUID) -> str | None:
    """Let it not leave the house, nor be picked; None, or why it is too late. Held until the transaction ends."""
    found = await shipments.hold_orders(tx, [order_id])
    if len(found) != 1:
        return "the goods travel in parts" if found else "there is no shipment"
    (one,) = found
    if one.status is not Status.PLANNED and not LIFECYCLE.allows(one.status, Hold):
        return f"the goods have left the house, or never will ({one.status.value})"
    if await tasks.state(tx, one.id) not in (None, State.OPEN, State.CANCELED):
        return "the goods are being picked"
    await tasks.call_off(tx, order_id)
    await shipments.hold_back(tx, order_id)
    return None


async def redirect(tx: Tx, order_id: UUID, address: Mapping[str, str]) -> str | None:
    """Write where it goes; None, or why nobody carries it there. An order without a shipment needs no more."""
    if reason := unavailable(address):
        return reason
    await shipments.redirect(tx, order_id, address)
    return None
