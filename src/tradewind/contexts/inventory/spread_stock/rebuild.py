"""Make the snapshot that is kept elsewhere anew, while the shop goes on.

Until it is done whoever asks is answered from inventory's own rows. Who dies in the middle leaves it to the worker.
"""

from tradewind.contexts.inventory.spread_stock.timer import NAME, bring_on
from tradewind.ports.stock_snapshots import StockSnapshot
from tradewind.runtime import spreading
from tradewind.runtime.database import Database


async def rebuild_snapshot(db: Database, snapshot: StockSnapshot) -> bool:
    """Whether any is kept; it is as the log is then. Raises StockSnapshotAway, DatabaseAway."""
    return await spreading.anew(db, snapshot, NAME, lambda: bring_on(db, snapshot))
