"""What is due is summed up by itself: yesterday soon after it is over, the days before as long as they may change."""

from typing import Any, Final

from tradewind.contexts.analytics.sum_up_sales.batch import sum_up_sales
from tradewind.ports.columns import Columns, ColumnsAway
from tradewind.runtime.database import Database
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

LOOK_EVERY_S: Final = 300.0


async def sum_up_what_is_due(db: Database) -> int:
    """One batch; how many days it was."""
    columns: Any = db.peers[Columns]
    try:
        done = await sum_up_sales(db, columns)
    except ColumnsAway as away:
        log.warning("sales not summed up", error=repr(away.__cause__))
        return 0
    if done.days:
        log.info("sales summed up", since=f"{done.days[0]}", last=f"{done.days[-1]}", rows=done.rows)
    return len(done.days)


SUM_UP_SALES: Final = Timer("analytics.sum_up_sales", LOOK_EVERY_S, sum_up_what_is_due, apart=True)
