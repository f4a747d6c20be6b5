"""Cancel: goods that were held or taken out are free again."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.contexts.inventory._domain.reservation import goods, levels_of, moving
from tradewind.contexts.inventory._store import reservations
from tradewind.contracts.inventory import InventoryReleased
from tradewind.runtime.database import Tx


async def release(tx: Tx, order_ids: Sequence[UUID], reason: str) -> None:
    """Give back what is held, put back what was taken out; nothing happens to orders that have nothing left.

    May be asked several times in a transaction, with a reason each: what was put off is written first, because two
    releases may touch the same stock.
    """
    await tx.flush()
    held, levels = await reservations.hold(tx, order_ids, InventoryReleased)
    lines = moving(held, InventoryReleased)
    if lines:
        after = reservations.lead_on(tx, lines, InventoryReleased, levels)
        for order_id, items in goods(lines).items():
            told = levels_of(items, after)
            tx.tell(InventoryReleased(order_id=order_id, reason=reason, items=items, levels=told, nothing_left=True))
