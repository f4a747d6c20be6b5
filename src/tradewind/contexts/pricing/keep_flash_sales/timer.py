"""Moves flash sales when it is time, by the database's clock.

Every worker keeps this timer and none holds a lock of its own: a sale's row decides. Who comes second finds the sale
moved and has nothing to tell, so each move is told once; who dies in the middle has moved nothing.
"""

from typing import Final
from uuid import UUID

from tradewind.contexts.pricing._domain.flash_sale import SALE_LIFECYCLE, SaleState
from tradewind.contexts.pricing._store import flash_sales
from tradewind.contracts.pricing import FlashSaleStarted
from tradewind.runtime.database import Tx
from tradewind.runtime.timers import Timer

EVERY_S: Final = 0.15
"""Longest time between a sale's moment and its start; a look costs less than half a millisecond."""


async def keep_flash_sales(tx: Tx) -> int:
    """Move the sales that are due; how many. A sale waits for the one before it to end."""
    sales, present = await flash_sales.lock_due(tx)
    if present is None:
        return 0
    happened = [(sale, event) for sale in sales if (event := sale.due(present))]
    starting = [sale.sku for sale, event in happened if isinstance(event, FlashSaleStarted)]
    taken = await flash_sales.running_of(tx, starting) if starting else set()
    moves: dict[UUID, SaleState] = {}
    for sale, event in happened:
        if isinstance(event, FlashSaleStarted):
            if sale.sku in taken:
                continue
            taken.add(sale.sku)
        moves[sale.id] = SALE_LIFECYCLE.follow(sale.state, type(event))
        tx.tell(event)
        tx.audit("pricing.flash_sale", str(sale.id), now=moves[sale.id].value, sold=sale.sold)
    if moves:
        flash_sales.move(tx, moves)
    return len(moves)


KEEP_FLASH_SALES: Final = Timer("pricing.flash_sales", EVERY_S, keep_flash_sales, everywhere=True)
