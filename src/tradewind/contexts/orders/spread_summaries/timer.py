"""Bring what has changed of orders to the index that is kept of them elsewhere, and make it anew where it is gone.

The index is written between two looks at the rows, inside no transaction, and says itself how far it is. Who dies in
between has put what is put again, and it shows once. While it is away the rows wait; nothing else does.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.orders.search_orders.rows import all_after, changed
from tradewind.ports.order_search import OrderSearch, OrderSearchAway, Row
from tradewind.ports.progress import NOWHERE, Reached
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.leading import leading
from tradewind.runtime.spreading import horizon
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

NAME: Final = "orders.spread_summaries"
LOCK: Final = "orders.search"
"""Whoever has it makes the index anew."""
EVERY_S: Final = 1.0
BATCH: Final = 500
"""Orders that the index is told of at once."""
_NOBODY: Final = UUID(int=0)


async def spread_summaries(db: Database) -> int:
    """What has changed next; how many orders that was where more are waiting, otherwise none."""
    search: Any = db.peers[OrderSearch]
    try:
        return await bring_on(db, search)
    except OrderSearchAway:  # its adapter has said so
        return 0


async def bring_on(db: Database, search: OrderSearch, *, batch: int = BATCH) -> int:
    """As `spread_summaries`; raises OrderSearchAway.

    It ends within a stamp only where it has come beyond another: what has all of one alone says how far the index is.
    """
    reached = await search.reached()
    if reached is None:
        return 0
    if reached == NOWHERE:
        await rebuild(db, search)
        return 0
    last, after = reached.stamp, (reached.stamp + 1, _NOBODY)
    while True:
        async with db.reading(internal_call(NAME)) as tx:
            rows = await changed(tx, after, await horizon(tx), batch)
        if rows:
            last, after = rows[-1].version, (rows[-1].version, rows[-1].summary.order_id)
        is_all = len(rows) < batch
        await search.put(rows, Reached(last if is_all else last - 1, 0), is_all=is_all)
        if is_all or rows[0].version < last:
            return 0 if is_all else len(rows)


async def rebuild(db: Database, search: OrderSearch) -> bool:
    """Make the index anew, while the one before answers; whether any is kept. Raises OrderSearchAway, DatabaseAway.

    Where another process is at it, that one does it.
    """
    if await search.reached() is None:
        return False
    async with leading(db, LOCK, NAME) as tx:
        if tx is not None:
            upto = Reached(await horizon(tx) - 1, 0)
            await search.rebuild(_everything(tx), upto)
            log.info("index of orders built")
    return True


async def _everything(tx: Tx) -> AsyncIterator[Sequence[Row]]:
    after = _NOBODY
    while rows := await all_after(tx, after, BATCH):
        after = rows[-1].summary.order_id
        yield rows


SPREAD_SUMMARIES = Timer(NAME, EVERY_S, spread_summaries, apart=True)
