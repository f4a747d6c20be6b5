"""The read model inventory_snapshot: what there is of each SKU, by inventory's events alone (S0-56, S3-12).

Inventory numbers the changes of a SKU, and its events say where the SKU stands after them. Of these words the one with
the greatest version counts, so it is all the same in which order they come, how often and how late: events of orders
and of products are only ordered among themselves where they go by Kafka. What old logs tell has no versions; it is
counted by pieces, in the order of its telling, until the SKU's first word that has one.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final, TypeAlias, assert_never
from uuid import UUID

from tradewind.contracts.inventory import (
    BackorderAllotted,
    BundleChanged,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    Level,
    ReservationConfirmed,
    ReservedLine,
    StockAdjusted,
)
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import projection

SET: Final = """
    INSERT INTO catalog.availability AS a (sku, version, on_hand, reserved, available)
    SELECT u.*, u.on_hand - u.reserved
    FROM unnest($1::text[], $2::bigint[], $3::int[], $4::int[]) AS u (sku, version, on_hand, reserved)
    ON CONFLICT (sku) DO UPDATE SET
        version = excluded.version, on_hand = excluded.on_hand, reserved = excluded.reserved,
        available = excluded.available
    WHERE a.version < excluded.version OR a.version = 0
"""
NAME: Final = """
    UPDATE catalog.availability AS a SET product_id = u.product_id
    FROM unnest($1::text[], $2::uuid[]) AS u (sku, product_id)
    WHERE a.sku = u.sku AND a.product_id IS NULL
"""
COUNT: Final = """
    INSERT INTO catalog.availability AS a (sku, available) SELECT * FROM unnest($1::text[], $2::int[])
    ON CONFLICT (sku) DO UPDATE SET available = excluded.available, on_hand = NULL, reserved = NULL
    WHERE a.available <> excluded.available
"""
MOVE: Final = """
    INSERT INTO catalog.availability AS a (sku, available) SELECT * FROM unnest($1::text[], $2::int[])
    ON CONFLICT (sku) DO UPDATE SET available = a.available + excluded.available, on_hand = NULL, reserved = NULL
"""
SHOWN: Final = "SELECT sku, greatest(0, available) AS available FROM catalog.availability WHERE sku = ANY($1::text[])"
StockEvent: TypeAlias = (
    StockAdjusted
    | BundleChanged
    | InventoryReserved
    | ReservationConfirmed
    | InventoryReleased
    | InventoryReservationExpired
    | BackorderAllotted
)


async def shown(tx: Tx, skus: Sequence[str]) -> Mapping[str, int]:
    """How many of each can be promised; a SKU that was not heard of is missing."""
    return {row["sku"]: row["available"] for row in await tx.all(SHOWN, list(skus))}


@projection("catalog.availability")
async def availability(events: Sequence[StockEvent], tx: Tx) -> None:
    """A statement however many events; one more where products are named. It keeps its first name, and so its place."""
    for versioned, some in groupby(events, key=lambda event: bool(levels_of(event))):
        run = list(some)
        await (_set if versioned else _count)(run, tx)
    if named := names_of(events):
        await tx.run(NAME, sorted(named), [named[sku] for sku in sorted(named)])


def levels_of(event: StockEvent) -> Sequence[Level]:
    """Where the event says that SKUs stand; of a bundle there are as many as can be put together. Old ones say none."""
    if isinstance(event, BundleChanged):
        return (Level(event.sku, event.version, event.available, 0),) if event.version else ()
    return event.levels


def names_of(events: Iterable[StockEvent]) -> dict[str, UUID]:
    """SKU to product, of those that events name."""
    return {event.sku: event.product_id for event in events if isinstance(event, StockAdjusted | BundleChanged)}


def last_words(events: Iterable[StockEvent]) -> list[Level]:
    """Of each SKU the word that counts, in SKU order."""
    last = dict[str, Level]()
    for event in events:
        for level in levels_of(event):
            known = last.get(level.sku)
            if known is None or known.version < level.version:
                last[level.sku] = level
    return [last[sku] for sku in sorted(last)]


async def _set(events: Sequence[StockEvent], tx: Tx) -> None:
    levels = last_words(events)
    columns = ([one.version for one in levels], [one.on_hand for one in levels], [one.reserved for one in levels])
    await tx.run(SET, [one.sku for one in levels], *columns)


async def _count(events: Sequence[StockEvent], tx: Tx) -> None:
    """By pieces: an adjustment says how many there are, the others how many come and go."""
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
            case ReservationConfirmed() | BackorderAllotted():
                pass  # what left was promised before; what was allotted is counted once its order has it
            case _:
                assert_never(event)
    if counted:
        await tx.run(COUNT, sorted(counted), [counted[sku] for sku in sorted(counted)])
    if moved:
        await tx.run(MOVE, sorted(moved), [moved[sku] for sku in sorted(moved)])
