"""Bring staged rows to the columns.

The columns are written between two transactions, inside none. Who dies in between has put rows that are put again, and
count once by their keys: nothing is lost, because what is deleted is there, and nothing doubled.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from tradewind.contexts.analytics._domain.days import days_over
from tradewind.contexts.analytics._domain.facts import together
from tradewind.contexts.analytics._store import daily_sales, staged
from tradewind.kernel.clock import now
from tradewind.ports.columns import Columns, ColumnsAway
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.failpoints import failpoint, planted
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

EVERY_S: Final = 5.0
"""Each time costs the embedded engine some 50 ms of processor time, however little there is; orders share it."""


async def load_columns(db: Database) -> int:
    """The oldest that are staged; how many batches it was where more may be waiting, otherwise none."""
    columns: Any = db.peers[Columns]
    call = internal_call("analytics.load_columns")
    async with db.reading(call) as tx:
        waiting = await staged.waiting(tx)
    oldest = min((told_at for _, told_at, _ in waiting), default=None)
    metrics.analytics_lag_seconds.set((now() - oldest).total_seconds() if oldest else 0.0)
    if not waiting:
        return 0
    numbers = [seq for seq, _, _ in waiting]
    if planted("staged_deleted_before_put"):
        await _delete(db, numbers, ())
    failpoint("analytics.before_put")
    batch = together(batch for _, _, batch in waiting)
    try:
        await columns.put(batch)
    except ColumnsAway as away:
        log.warning("columns not loaded", error=repr(away.__cause__))
        return 0
    failpoint("analytics.after_put")
    await _delete(db, numbers, days_over((one.valid_from for one in batch.orders), now()))
    return len(waiting) if len(waiting) == staged.MAX_STAGED else 0


async def _delete(db: Database, numbers: Sequence[int], late: Sequence[date]) -> None:
    """These are there; `late` are the days of orders that were over by then."""
    async with db.transaction(internal_call("analytics.load_columns")) as tx:
        await tx.run(staged.DONE, numbers)
        if late:
            await daily_sales.look_longer(tx, late)
        failpoint("analytics.before_commit")
    failpoint("analytics.after_commit")


LOAD_COLUMNS = Timer("analytics.load_columns", EVERY_S, load_columns, apart=True)
