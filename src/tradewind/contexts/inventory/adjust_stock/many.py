"""Book many deliveries at once: for feeds. Five statements, however many there are."""

from collections.abc import Mapping, Sequence

from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import Stock, check
from tradewind.contexts.inventory._store import stock
from tradewind.contexts.inventory.adjust_stock.command import adjusted
from tradewind.contracts.inventory import MAIN, Delivery
from tradewind.runtime.database import Tx


async def receive(tx: Tx, deliveries: Sequence[Delivery], *, reason: str) -> int:
    """Book what came, each SKU named once, and leave out what has a reference that is booked already; how many were.

    Refuses with InvalidAdjustment and BelowReserved. Tells StockAdjusted for each.
    """
    for one in deliveries:
        check(one.sku, one.quantity, reason)
    await stock.open_all(tx, {one.sku: one.product_id for one in deliveries})
    held = await stock.hold(tx, sorted({one.sku for one in deliveries}))
    known = await stock.known(tx, [one.reference for one in deliveries if one.reference is not None])
    fresh = [one for one in deliveries if one.reference not in known]
    changes = [change for one in fresh for change in _spread(one, held[one.sku])]
    if changes:
        _book(tx, held, changes, reason)
    return len(fresh)


def _spread(one: Delivery, held: Stock) -> list[stock.Change]:
    """What comes is put into the main warehouse; what goes may go from several."""
    if one.quantity > 0:
        return [(one.sku, MAIN, one.quantity, one.reference)]
    taken = held.taken_from(-one.quantity)
    references = [one.reference, *(one.reference and f"{one.reference}/{place}" for place in list(taken)[1:])]
    return [(one.sku, place, -n, known) for (place, n), known in zip(taken.items(), references, strict=True)]


def _book(tx: Tx, held: Mapping[str, Stock], changes: Sequence[stock.Change], reason: str) -> None:
    now = dict(held)
    for sku, place, delta, _ in changes:
        now[sku] = now[sku].adjusted(delta, place)
        tx.tell(adjusted(now[sku], delta, reason, place))
    stock.move(tx, [Movement(sku, delta, 0, place) for sku, place, delta, _ in changes])
    stock.note(tx, changes, reason)
