"""Where subscribers stand in the partitions: kept in Postgres, moved in the transaction of the effects.

They are held by the same rows as places in the log, so that one process at a time has a subscriber hear: whoever comes
late finds the place moved, and does nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, cast

import asyncpg

from tradewind.adapters.log.kafka.received import Received, letter_of
from tradewind.runtime.database import Tx
from tradewind.runtime.places import PARK, IsFresh, positions
from tradewind.runtime.reading import Logged

NEXT: Final = """
    SELECT subscriber, topic, partition, next FROM runtime.kafka_position
    WHERE subscriber = ANY($1::text[]) AND topic = ANY($2::text[])
"""
MOVE_NEXT: Final = """
    INSERT INTO runtime.kafka_position AS k (subscriber, topic, partition, next)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) AS p (subscriber, topic, partition, next)
    ON CONFLICT (subscriber, topic, partition) DO UPDATE SET next = excluded.next, moved_at = now()
    WHERE k.next < excluded.next
"""
BEGIN_ANEW: Final = """
    UPDATE runtime.kafka_position AS k SET next = 0, moved_at = now()
    FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) AS p (subscriber, topic, partition, next)
    WHERE (k.subscriber, k.topic, k.partition, k.next) = (p.subscriber, p.topic, p.partition, p.next)
"""
"""Where nobody has moved on meanwhile."""
PARK_FROM_ELSEWHERE: Final = """
    INSERT INTO runtime.dead_letter (subscriber, position, event_id, type, reason, attempts, envelope)
    VALUES ($1, -nextval('runtime.letter_from_elsewhere'), $2, $3, $4, $5, $6::jsonb)
"""
HOLD_FREE: Final = """
    SELECT subscriber FROM runtime.position WHERE subscriber = ANY($1::text[]) ORDER BY subscriber
    FOR UPDATE SKIP LOCKED
"""
"""Those whom nobody has hear something just now."""
CATCH_UP: Final = """
    WITH horizon AS (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid),
    who AS (SELECT subscriber, array_agg(type) AS types FROM unnest($1::text[], $2::text[]) AS u (subscriber, type)
            GROUP BY subscriber),
    heard AS (
        SELECT w.subscriber, o.stamp, o.position
        FROM who AS w JOIN runtime.position AS p USING (subscriber) CROSS JOIN horizon AS h
        LEFT JOIN LATERAL (
            SELECT o.stamp, o.position FROM runtime.outbox AS o
            WHERE (o.stamp, o.position) > (p.stamp, p.position) AND o.stamp < h.xid AND o.type = ANY(w.types)
              AND NOT EXISTS (
                SELECT FROM runtime.inbox AS i JOIN runtime.kafka_position AS k USING (topic, partition)
                WHERE i.event_id = o.event_id AND k.subscriber = w.subscriber AND i.place < k.next)
            ORDER BY o.stamp, o.position LIMIT 1) AS unheard ON true
        CROSS JOIN LATERAL (
            SELECT o.stamp, o.position FROM runtime.outbox AS o
            WHERE (o.stamp, o.position) > (p.stamp, p.position) AND o.stamp < h.xid
              AND (unheard.stamp IS NULL OR (o.stamp, o.position) < (unheard.stamp, unheard.position))
            ORDER BY o.stamp DESC, o.position DESC LIMIT 1) AS o)
    UPDATE runtime.position AS p SET stamp = heard.stamp, position = heard.position, moved_at = now()
    FROM heard WHERE p.subscriber = heard.subscriber AND (p.stamp, p.position) < (heard.stamp, heard.position)
"""
"""Moves places in the log, too, over what was heard by Kafka: so the audit sees that all was heard, and whoever reads
the log again one day begins there."""


class KafkaPlaces:
    """Places in partitions. `hears`: who hears something of each topic; others have no place in it."""

    def __init__(self, hears: Mapping[str, Collection[str]]) -> None:
        self._hears = hears

    async def hold(self, tx: Tx, names: Sequence[str], batch: Sequence[Logged]) -> IsFresh:
        """See Places."""
        seen = await positions(tx, names)
        topics = sorted({_received(one).topic for one in batch})
        rows = await tx.all(NEXT, names, topics)
        next_ = {(row["subscriber"], row["topic"], row["partition"]): row["next"] for row in rows}

        def is_fresh(name: str, logged: Logged) -> bool:
            one = _received(logged)
            return one.at > seen[name] and one.place >= next_.get((name, one.topic, one.partition), 0)

        return is_fresh

    async def move(self, tx: Tx, names: Sequence[str], batch: Sequence[Logged]) -> None:
        """See Places."""
        ends: dict[tuple[str, int], int] = {}
        for logged in batch:
            one = _received(logged)
            ends[one.topic, one.partition] = one.place + 1
        await move_next(tx, [(name, where, end) for where, end in ends.items()
                             for name in names if name in self._hears[where[0]]])  # fmt: skip

    async def park(self, tx: Tx, name: str, logged: Logged, reason: str, attempts: int) -> None:
        """See Places."""
        one = _received(logged)
        event_id = one.row["event_id"]
        if one.is_local:
            await tx.run(PARK, name, one.at.position, event_id, one.type, reason, attempts)
            return
        try:
            async with tx.connection.transaction():
                await tx.run(PARK_FROM_ELSEWHERE, name, event_id, one.type, reason, attempts, one.text)
        except asyncpg.DataError:  # JSON may say what jsonb cannot hold: \u0000, or a number beyond all bounds
            kept = letter_of(one.text, one.row["key"], one.row["trace_id"])
            await tx.run(PARK_FROM_ELSEWHERE, name, event_id, one.type, reason, attempts, kept)


async def move_next(tx: Tx, heard: Sequence[tuple[str, tuple[str, int], int]]) -> None:
    """Each subscriber has heard everything of a topic's partition before an offset; nobody is moved back."""
    names, places = [name for name, _, _ in heard], [place for _, place, _ in heard]
    topics, partitions = [topic for topic, _ in places], [partition for _, partition in places]
    await tx.run(MOVE_NEXT, names, topics, partitions, [end for _, _, end in heard])


def _received(logged: Logged) -> Received:
    return cast(Received, logged)
