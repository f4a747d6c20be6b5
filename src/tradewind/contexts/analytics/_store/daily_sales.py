"""What was sold day by day, and which days are due to be summed up.

A day is looked at again until it was summed up a week after its end: it is paid and called off later, too. Of several
who sum up the same day at once, whoever asked the columns last has the word; what was asked before the columns were
counted anew is forgotten.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from tradewind.ports.columns import DailySales
from tradewind.runtime.database import Tx

LOOK_FOR: Final = timedelta(days=7)
"""How long after its end, or after orders of it came late, a day is summed up again."""
AGAIN_AFTER: Final = timedelta(hours=1)
"""How long the figures of such a day hold."""
DUE: Final = """
    SELECT u.day
    FROM (SELECT $1::date + n AS day FROM generate_series(0, $2::date - $1::date - 1) AS n) AS u
    LEFT JOIN analytics.sales_day AS s ON s.day = u.day
    WHERE s.computed_at IS NULL
       OR s.computed_at < $3
       OR s.computed_at < (SELECT ended_at FROM analytics.rebuild WHERE single)
       OR s.computed_at < now() - $4::interval
          AND s.computed_at < greatest(s.look_until, (u.day + 1)::timestamp AT TIME ZONE 'UTC' + $5::interval)
    ORDER BY u.day LIMIT $6
"""
CLAIM: Final = """
    INSERT INTO analytics.sales_day AS s (day, computed_at)
    SELECT u.day, $2 FROM unnest($1::date[]) AS u (day)
    WHERE NOT EXISTS (SELECT FROM analytics.rebuild WHERE single AND (ended_at IS NULL OR ended_at > $2))
    ORDER BY u.day
    ON CONFLICT (day) DO UPDATE SET computed_at = EXCLUDED.computed_at
        WHERE s.computed_at IS NULL OR s.computed_at < EXCLUDED.computed_at
    RETURNING s.day
"""
"""The days of which this is the newest word; each is held until the end of the transaction."""
CLEAR: Final = "DELETE FROM analytics.daily_sales WHERE day = ANY($1::date[])"
"""Also the rows of currencies in which nothing is left of a day."""
WRITE: Final = """
    INSERT INTO analytics.daily_sales
        (day, currency, orders, paid, called_off, customers, pieces, total_minor, computed_at)
    SELECT u.*, $9 FROM unnest(
        $1::date[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) AS u
"""
LOOK_LONGER: Final = """
    INSERT INTO analytics.sales_day AS s (day, look_until)
    SELECT u.day, now() + $2::interval FROM unnest($1::date[]) AS u (day) ORDER BY u.day
    ON CONFLICT (day) DO UPDATE SET look_until = EXCLUDED.look_until
"""


async def due(tx: Tx, since: date, until: date, *, before: datetime | None = None, limit: int) -> Sequence[date]:
    """The oldest days from `since` up to `until` that are due, or were not summed up since `before`."""
    rows = await tx.all(DUE, since, until, before, AGAIN_AFTER, LOOK_FOR, limit)
    return [row["day"] for row in rows]


async def write(tx: Tx, days: Sequence[date], found: Collection[DailySales], asked_at: datetime) -> int:
    """Let `found`, which was asked for no earlier than `asked_at`, be what was sold on these days; how many rows."""
    mine = {row["day"] for row in await tx.all(CLAIM, days, asked_at)}
    await tx.run(CLEAR, sorted(mine))
    rows = [(one.day.date(), one.sales) for one in found if one.day.date() in mine]
    said = [sales for _, sales in rows]
    return await tx.run(
        WRITE, [day for day, _ in rows], [one.currency for one in said], [one.orders for one in said],
        [one.paid for one in said], [one.called_off for one in said], [one.customers for one in said],
        [one.pieces for one in said], [one.total_minor for one in said], asked_at,
    )  # fmt: skip


async def look_longer(tx: Tx, days: Sequence[date]) -> None:
    """Orders of these days came late: what becomes of them is still to come."""
    await tx.run(LOOK_LONGER, days, LOOK_FOR)
