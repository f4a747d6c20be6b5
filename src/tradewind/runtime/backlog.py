"""Says how long events have waited for those who hear them, whatever carries them: the relay, Kafka, Debezium."""

from collections.abc import Iterable
from typing import Final

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


def note_waiting(subscribers: Iterable[Subscriber]) -> Timer:
    """A chore that notes the age of the oldest event that one of `subscribers` has yet to hear."""
    pairs = sorted((one.name, kind) for one in subscribers for kind in one.types)
    names, types = [name for name, _ in pairs], [kind for _, kind in pairs]

    async def note(tx: Tx) -> int:
        metrics.event_oldest_waiting_seconds.set(await tx.value(OLDEST, names, types, WINDOW))
        return 0

    return Timer("events.note_waiting", EVERY_S, note)
