"""Bring what inventory tells to the snapshot that is kept elsewhere, where one is.

One in which there is nothing yet is begun with the rows as they are, and then goes on with the log: each word says
where its SKU stands and with which version, so it does not matter what of both comes first.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from tradewind.contexts.inventory._store import standings
from tradewind.contracts.inventory import (
    BackorderAllotted,
    BundleChanged,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    ReservationConfirmed,
    StockAdjusted,
)
from tradewind.ports.progress import NOWHERE
from tradewind.ports.stock_snapshots import Standing, StockSnapshot, StockSnapshotAway
from tradewind.runtime import spreading
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.reading import Logged
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.timers import Timer

NAME: Final = "inventory.spread"
ROWS_AT_ONCE: Final = 1_000
Moved: TypeAlias = (
    StockAdjusted
    | InventoryReserved
    | ReservationConfirmed
    | InventoryReleased
    | InventoryReservationExpired
    | BackorderAllotted
)
HEARD: Final = frozenset(
    one.TYPE
    for one in (
        StockAdjusted,
        BundleChanged,
        InventoryReserved,
        ReservationConfirmed,
        InventoryReleased,
        InventoryReservationExpired,
        BackorderAllotted,
    )
)
"""By wire type."""


async def spread_stock(db: Database) -> int:
    """What comes next in the log; how many events that was where more are waiting, otherwise none."""
    snapshot: Any = db.peers[StockSnapshot]
    try:
        return await bring_on(db, snapshot)
    except StockSnapshotAway:  # its adapter has said so
        return 0


async def bring_on(db: Database, snapshot: StockSnapshot) -> int:
    """As `spread_stock`; raises StockSnapshotAway."""
    return await spreading.unless_emptied(db, snapshot, NAME, lambda tx: _step(db, tx, snapshot))


async def _step(db: Database, tx: Tx, snapshot: StockSnapshot) -> int:
    if await snapshot.reached() == NOWHERE:
        await _begin(tx, snapshot)
    return await spreading.bring_on(db, snapshot, HEARD, _logged, name=NAME, lag_ms=metrics.stock_snapshot_lag_ms)


async def _begin(tx: Tx, snapshot: StockSnapshot) -> None:
    """Put all rows; how far it is with the log is noted with the last."""
    upto, sku = await standings.told_upto(tx), ""
    while True:
        some = await standings.after(tx, sku, ROWS_AT_ONCE)
        if len(some) < ROWS_AT_ONCE:
            await snapshot.put(some, upto, is_all=False)
            return
        await snapshot.put(some, NOWHERE, is_all=False)
        sku = some[-1].sku


def _logged(some: Sequence[Logged]) -> list[Standing]:
    return words([logged.event for logged in some])


def words(events: Sequence[Any]) -> list[Standing]:
    """What these events come to: of each SKU the word that counts, and whose it is where one of them says so."""
    last, products = dict[str, Standing](), dict[str, UUID]()
    for event in events:
        if isinstance(event, StockAdjusted | BundleChanged):
            products[event.sku] = event.product_id
        for one in _said(event):
            if one.sku not in last or last[one.sku].version < one.version:
                last[one.sku] = one
    return [Standing(sku, one.version, one.on_hand, one.reserved, products.get(sku)) for sku, one in last.items()]


def _said(event: Moved | BundleChanged) -> list[Standing]:
    if isinstance(event, BundleChanged):
        return [Standing(event.sku, event.version, event.available, 0)] if event.version else []
    return [Standing(one.sku, one.version, one.on_hand, one.reserved) for one in event.levels]


SPREAD_STOCK = Timer(NAME, spreading.EVERY_S, spread_stock, apart=True)
