"""Stock has come: who waits longest for a SKU gets it, wholly; nobody behind overtakes, however little they want."""

from collections import Counter
from typing import Final
from uuid import UUID

from tradewind.contexts.inventory._domain.reservation import levels_of
from tradewind.contexts.inventory._store import backorders, stock
from tradewind.contexts.inventory._store.backorders import Head, Status
from tradewind.contexts.inventory.reserve_stock.reserve import reserve
from tradewind.contracts.inventory import BackorderAllotted, InventoryReserved, ReservedLine, Wanted
from tradewind.contracts.messages import Event
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint, planted
from tradewind.runtime.timers import Timer

SERVE_EVERY_S: Final = 1.0
MAX_SERVED_AT_ONCE: Final = 500
HELD_S: Final = 86_400
"""For so long what was waited for is held; who has not confirmed by then has waited for nothing.

What is kept for a line of an order is held until the order has waited too long, and for so long after that.
"""


async def serve_backorders(tx: Tx) -> int:
    """Hold goods for the first of each queue where there are enough; how many were served. The rest is left alone."""
    waiting = await backorders.heads(tx, MAX_SERVED_AT_ONCE)
    if not waiting:
        return 0
    left = await stock.available(tx, sorted({head.sku for head in waiting}))
    ready = [head for head in waiting if left.get(head.sku, 0) >= head.quantity]
    if not ready:
        return 0
    held, lines = await backorders.hold_heads(tx, ready)
    return await _serve(tx, held, lines) if held else 0


async def _serve(tx: Tx, held: list[Head], lines: Counter[UUID]) -> int:
    wanted = [Wanted(head.id, {head.sku: head.quantity}) for head in held]
    answers = await reserve(tx, wanted, ttls_s={head.id: HELD_S for head in held}, queued=True)
    served = {answer.order_id: answer for answer in answers if isinstance(answer, InventoryReserved)}
    heads = [head for head in held if head.id in served]
    if not heads:
        return 0
    failpoint("backorders.before_allot")
    await tx.flush()
    pieces = Counter[str]()
    for head in heads:
        pieces[head.sku] -= head.quantity
    if not planted("allot_without_leaving_the_queue"):
        await stock.queued(tx, pieces)
    await backorders.mark(tx, list(served), Status.RESERVED)
    await backorders.claim(tx, [head.id for head in heads if head.order_id is None])
    await backorders.prolong(tx, [head.id for head in heads if head.order_id], HELD_S)
    tx.tell(*_told(heads, served, lines))
    failpoint("backorders.after_allot")
    return len(heads)


def _told(heads: list[Head], served: dict[UUID, InventoryReserved], lines: Counter[UUID]) -> list[Event]:
    """Each claim by itself; of each order all that it got now."""
    told: list[Event] = [served[head.id] for head in heads if head.order_id is None]
    of_orders: dict[UUID, tuple[ReservedLine, ...]] = {}
    for head in heads:
        if head.order_id is not None:
            of_orders[head.order_id] = (*of_orders.get(head.order_id, ()), *served[head.id].items)
            lines[head.order_id] -= 1
    after = {level.sku: level for answer in served.values() for level in answer.levels}
    for order_id, items in of_orders.items():
        levels = levels_of(items, after)
        told.append(BackorderAllotted(order_id=order_id, items=items, still_waiting=lines[order_id], levels=levels))
    return told


SERVE_BACKORDERS: Final = Timer("inventory.serve_backorders", SERVE_EVERY_S, serve_backorders)
