"""Says how long events have waited for those who hear them, whatever carries them: the relay, Kafka, Debezium.

And until when one of them has heard everything, for whoever must not speak of a time before.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.timers import Timer

EVERY_S: Final = 2.0
WINDOW: Final = 1_000
"""Events that are looked at beyond each place: who has not heard any of a rare type may stand far behind it."""
OLDEST: Final = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waiting.occurred_at)), 0)::float8
    FROM (SELECT subscriber, array_agg(type) AS types FROM unnest($1::text[], $2::text[]) AS u (subscriber, type)
          GROUP BY subscriber) AS who
    JOIN runtime.position AS p USING (subscriber)
    CROSS JOIN LATERAL (
        SELECT next.occurred_at
        FROM (SELECT stamp, position, type, occurred_at FROM runtime.outbox AS o
              WHERE (o.stamp, o.position) > (p.stamp, p.position) ORDER BY o.stamp, o.position LIMIT $3) AS next
        WHERE next.type = ANY(who.types) ORDER BY next.stamp, next.position LIMIT 1) AS waiting
"""
MOST_WAITING: Final = 10_000
"""Events beyond a place among which one's own are looked for; with more it is not known what waits."""
OPEN_SINCE: Final = """
    SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
"""What is told by a transaction is told when it began. Autovacuum tells nothing."""
UNHEARD: Final = """
    SELECT min(next.occurred_at) FILTER (WHERE next.type = ANY($2::text[])) AS told_at, count(*) AS many
    FROM (SELECT $1::text AS name) AS who LEFT JOIN runtime.position AS p ON p.subscriber = who.name
    CROSS JOIN LATERAL (
        SELECT o.type, o.occurred_at FROM runtime.outbox AS o
        WHERE (o.stamp, o.position) > (coalesce(p.stamp, 0), coalesce(p.position, 0))
        ORDER BY o.stamp, o.position LIMIT $3) AS next
"""


async def heard_until(tx: Tx, subscriber: Subscriber) -> datetime | None:
    """`subscriber` has heard everything that was told before in this database; None where too much waits to say so.

    Open transactions are looked for first: what has ended by then is in the log that is looked at afterwards.
    """
    until: datetime = await tx.value(OPEN_SINCE)
    waiting: Any = await tx.row(UNHEARD, subscriber.name, sorted(subscriber.types), MOST_WAITING)
    if waiting["many"] == MOST_WAITING:
        return None
    return min(until, waiting["told_at"] or until)


def note_waiting(subscribers: Iterable[Subscriber]) -> Timer:
    """A chore that notes the age of the oldest event that one of `subscribers` has yet to hear."""
    pairs = sorted((one.name, kind) for one in subscribers for kind in one.types)
    names, types = [name for name, _ in pairs], [kind for _, kind in pairs]

    async def note(tx: Tx) -> int:
        metrics.event_oldest_waiting_seconds.set(await tx.value(OLDEST, names, types, WINDOW))
        return 0

    return Timer("events.note_waiting", EVERY_S, note)
