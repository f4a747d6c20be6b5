"""Sum up some days: find those that are due and whole in the columns, ask the columns, write their rows.

The columns are asked between two looks at the rows, inside no transaction. Who dies in between has asked in vain, and
the days are still due. Several at once sum up the same days, and the newest word counts.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.analytics._domain.days import begin, end, first_day_open
from tradewind.contexts.analytics._store import daily_sales, rebuilds, staged
from tradewind.contexts.analytics._subscribers.gather import gather
from tradewind.kernel.clock import now
from tradewind.ports.columns import Columns
from tradewind.runtime.backlog import heard_until
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.failpoints import failpoint

MAX_DAYS: Final = 31
"""Days that are asked for at once and written in one transaction: 5,600 rows if orders come in every currency there is,
fewer than an answer of the columns has at most."""
NAME: Final = "analytics.sum_up_sales"
CLOCK: Final = "SELECT clock_timestamp()"


class Asked(Struct, frozen=True):
    """Of which days, up to `until`; from the first order on, and all that are over, where it is not said.

    `before`, by the database's clock: also those that are not due, if they were not summed up since.
    """

    since: date | None = None
    until: date | None = None
    before: datetime | None = None


class SummedUp(Struct, frozen=True, kw_only=True):
    """What one batch came to. `waiting`: days that are due, but not whole in the columns.

    `loaded_until`: what was told before is there; None where that cannot be said. `rebuilding`: they are counted anew.
    """

    days: Sequence[date] = ()
    rows: int = 0
    waiting: Sequence[date] = ()
    loaded_until: datetime | None = None
    rebuilding: bool = False


class _Look(Struct, frozen=True):
    """What the rows say of themselves, at a moment of the database's clock."""

    at: datetime
    due: Sequence[date]
    loaded_until: datetime | None
    rebuilding: bool

    @property
    def ready(self) -> Sequence[date]:
        """The oldest that are due and whole, not further apart than one question may reach."""
        if self.loaded_until is None or self.rebuilding or not self.due:
            return ()
        last = self.due[0] + timedelta(days=MAX_DAYS)
        return [day for day in self.due if day < last and end(day) <= self.loaded_until]

    @property
    def waiting(self) -> Sequence[date]:
        """Those that are due and not whole."""
        if self.loaded_until is None or self.rebuilding:
            return self.due
        return [day for day in self.due if end(day) > self.loaded_until]


EVERYTHING: Final = Asked()


async def sum_up_sales(db: Database, columns: Columns, asked: Asked = EVERYTHING) -> SummedUp:
    """One batch, of the oldest days that are due; none where nothing is left to do. Raises Unavailable."""
    first = await columns.first_order()
    if first is None:
        return SummedUp()
    since, until = max(asked.since or date.min, first.date()), min(asked.until or date.max, first_day_open(now()))
    if since >= until:
        return SummedUp()
    async with db.reading(internal_call(NAME)) as tx:
        look = await _look(tx, since, until, asked.before)
    days, rows = look.ready, 0
    if days:
        found = await columns.daily_sales(begin(days[0]), end(days[-1]))
        failpoint("analytics.before_summing_up")
        async with db.transaction(internal_call(NAME)) as tx:
            rows = await daily_sales.write(tx, days, found, look.at)
            failpoint("analytics.while_summing_up")
        failpoint("analytics.after_summing_up")
    return SummedUp(
        days=days, rows=rows, waiting=look.waiting, loaded_until=look.loaded_until, rebuilding=look.rebuilding
    )


async def batches(db: Database, columns: Columns, asked: Asked, *, again: bool) -> AsyncIterator[SummedUp]:
    """Batch after batch, until one finds nothing to do; with `again` every day that is over once more."""
    if again:
        async with db.reading(internal_call(NAME)) as tx:
            asked = replace(asked, before=await tx.value(CLOCK))
    while True:
        done = await sum_up_sales(db, columns, asked)
        yield done
        if not done.days:
            return


async def _look(tx: Tx, since: date, until: date, before: datetime | None) -> _Look:
    """Each statement sees what has happened by then: what one has not heard yet, or staged, is in the columns after."""
    return _Look(
        at=await tx.value(CLOCK),
        loaded_until=await _loaded_until(tx),
        rebuilding=await rebuilds.under_way(tx),
        due=await daily_sales.due(tx, since, until, before=before, limit=MAX_DAYS),
    )


async def _loaded_until(tx: Tx) -> datetime | None:
    """Everything that was told before is in the columns: it was heard, and nothing of it is staged any more."""
    heard = await heard_until(tx, gather)
    waiting = await staged.oldest(tx)
    return heard if heard is None or waiting is None else min(heard, waiting)
