"""Stock of parts has moved: tells how many of their bundles can be put together now, where that is another number."""

from collections.abc import Sequence
from typing import TypeAlias

from tradewind.contexts.inventory._domain.bundle import complete
from tradewind.contexts.inventory._store import bundles, stock
from tradewind.contracts.inventory import (
    BundleChanged,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    Part,
    StockAdjusted,
)
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber

Moved: TypeAlias = StockAdjusted | InventoryReserved | InventoryReleased | InventoryReservationExpired


@apart
@subscriber
async def on_parts_moved(events: Sequence[Moved], tx: Tx) -> None:
    """One question however many events; more only where some of it is part of a bundle.

    It tells what the rows say now, holding the bundle's row, so that the last that is told is what counts.
    """
    moved = {sku for event in events for sku in _skus(event)}
    held = await bundles.made_of(tx, sorted(moved))
    if not held:
        return
    parts = await bundles.parts_of(tx, [one.sku for one in held])
    left = await stock.available(tx, sorted({part for each in parts.values() for part in each}))
    now = {one.sku: complete(parts[one.sku], left) for one in held}
    changed = [one for one in held if now[one.sku] != one.told]
    if changed:
        bundles.tell(tx, [(one.sku, now[one.sku]) for one in changed])
    for one in changed:
        made = tuple(Part(part, pieces) for part, pieces in parts[one.sku].items())
        version, number = one.version + 1, now[one.sku]
        tx.tell(BundleChanged(product_id=one.product_id, sku=one.sku, parts=made, available=number, version=version))


def _skus(event: Moved) -> Sequence[str]:
    return [event.sku] if isinstance(event, StockAdjusted) else [line.sku for line in event.items]
