"""Stock has come: who waits longest for a SKU gets it, wholly; nobody behind overtakes, however little they want."""

from typing import Final

from tradewind.contexts.inventory._store import backorders, stock
from tradewind.contexts.inventory._store.backorders import Head, Status
from tradewind.contexts.inventory.reserve_stock.reserve import reserve
from tradewind.contracts.inventory import InventoryReserved, Wanted
from tradewind.runtime.database import Tx
from tradewind.runtime.timers import Timer

SERVE_EVERY_S: Final = 1.0
MAX_SERVED_AT_ONCE: Final = 500
HELD_S: Final = 86_400
"""For so long what was waited for is held; who has not confirmed by then has waited for nothing."""


async def serve_backorders(tx: Tx) -> int:
    """Hold goods for the first of each queue where there are enough; how many were served. The rest is left alone."""
    waiting = await backorders.heads(tx, MAX_SERVED_AT_ONCE)
    if not waiting:
        return 0
    left = await stock.available(tx, sorted({head.sku for head in waiting}))
    ready = [head.id for head in waiting if left.get(head.sku, 0) >= head.quantity]
    held = await backorders.hold_heads(tx, ready) if ready else []
    return await _serve(tx, held) if held else 0


async def _serve(tx: Tx, held: list[Head]) -> int:
    answers = await reserve(tx, [Wanted(head.id, {head.sku: head.quantity}) for head in held], ttl_s=HELD_S)
    served = [answer for answer in answers if isinstance(answer, InventoryReserved)]
    if served:
        ids = [answer.order_id for answer in served]
        await backorders.claim(tx, ids)
        await backorders.mark(tx, ids, Status.RESERVED)
        tx.tell(*served)
    return len(served)


SERVE_BACKORDERS: Final = Timer("inventory.serve_backorders", SERVE_EVERY_S, serve_backorders)
