"""Make the snapshot that is kept elsewhere anew, while the shop goes on.

Until it is done whoever asks is answered from inventory's own rows. Who dies in the middle leaves it to the worker.
"""

from tradewind.contexts.inventory.spread_stock.timer import bring_on
from tradewind.ports.stock_snapshots import StockSnapshot
from tradewind.runtime.database import Database


async def rebuild_snapshot(db: Database, snapshot: StockSnapshot) -> bool:
    """Whether any is kept; it is as the log is then. Raises StockSnapshotAway, DatabaseAway."""
    if await snapshot.reached() is None:
        return False
    await snapshot.clear()
    while await bring_on(db, snapshot):
        pass
    return True
