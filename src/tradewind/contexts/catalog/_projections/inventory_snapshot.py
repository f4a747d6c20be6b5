"""The read model availability: how many of each SKU can still be promised, by inventory's events alone (S3-12)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias, assert_never

from tradewind.contracts.inventory import (
    BundleChanged,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    ReservedLine,
    StockAdjusted,
)
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import projection

COUNT: Final = """
    INSERT INTO catalog.availability AS a (sku, available) SELECT * FROM unnest($1::text[], $2::int[])
    ON CONFLICT (sku) DO UPDATE SET available = excluded.available WHERE a.available <> excluded.available
"""
MOVE: Final = """
    INSERT INTO catalog.availability AS a (sku, available) SELECT * FROM unnest($1::text[], $2::int[])
    ON CONFLICT (sku) DO UPDATE SET available = a.available + excluded.available
"""
SHOWN: Final = "SELECT sku, greatest(0, available) AS available FROM catalog.availability WHERE sku = ANY($1::text[])"
StockEvent: TypeAlias = (
    StockAdjusted | BundleChanged | InventoryReserved | InventoryReleased | InventoryReservationExpired
)


async def shown(tx: Tx, skus: Sequence[str]) -> Mapping[str, int]:
    """How many of each; a SKU that was not heard of is missing."""
    return {row["sku"]: row["available"] for row in await tx.all(SHOWN, list(skus))}


@projection("catalog.availability")
async def availability(events: Sequence[StockEvent], tx: Tx) -> None:
    """Two statements however many events: an adjustment says how many there are, the others how many come and go.

    Inventory tells of a SKU while it holds the SKU's row, so these come in the order in which they happened.
    """
    counted, moved = dict[str, int](), dict[str, int]()

    def move(lines: Iterable[ReservedLine], sign: int) -> None:
        for line in lines:
            of = counted if line.sku in counted else moved
            of[line.sku] = of.get(line.sku, 0) + sign * line.qty

    for event in events:
        match event:
            case StockAdjusted():
                counted[event.sku] = event.on_hand - event.reserved
                moved.pop(event.sku, None)
            case BundleChanged():
                counted[event.sku] = event.available
            case InventoryReserved():
                move(event.items, -1)
            case InventoryReleased() | InventoryReservationExpired():
                move(event.items, 1)
            case _:
                assert_never(event)
    if counted:
        await tx.run(COUNT, sorted(counted), [counted[sku] for sku in sorted(counted)])
    if moved:
        await tx.run(MOVE, sorted(moved), [moved[sku] for sku in sorted(moved)])
