"""The SQL of what other databases told: kept where it was heard, in the order of this database's log.

A row has its stamp as an event of the outbox has (runtime/outbox.py), and its position out of the same sequence. So it
lies under the same horizon, and along a key, whose events are heard one after the other, neither falls.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tradewind.runtime.database import Tx
from tradewind.runtime.reading import Logged

HEAR: Final = """
    INSERT INTO webhooks.foreign_event (stamp, event_id, type, key, occurred_at, trace_id, correlation_id, payload)
    SELECT greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1),
           e.event_id, e.type, e.key, e.occurred_at, e.trace_id, e.correlation_id, e.payload::jsonb
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
         WITH ORDINALITY AS e (event_id, type, key, occurred_at, trace_id, correlation_id, payload, nth)
    ORDER BY e.nth
    ON CONFLICT (event_id) DO NOTHING
"""
FORGET: Final = """
    WITH gone AS (
        DELETE FROM webhooks.foreign_event WHERE position IN (
            SELECT f.position FROM webhooks.foreign_event AS f
            WHERE f.heard_at < $1 AND NOT EXISTS (
                SELECT FROM webhooks.webhook_subscriptions AS s
                WHERE (s.stamp, s.position) < (f.stamp, f.position) AND f.type = ANY(s.event_types))
            ORDER BY f.heard_at LIMIT $2)
        RETURNING stamp, position),
    noted AS (
        INSERT INTO webhooks.forgotten AS o (stamp, position)
        SELECT stamp, position FROM gone ORDER BY stamp DESC, position DESC LIMIT 1
        ON CONFLICT (single) DO UPDATE SET stamp = excluded.stamp, position = excluded.position
        WHERE (o.stamp, o.position) < (excluded.stamp, excluded.position))
    SELECT count(*) FROM gone
"""
"""What somebody has yet to be told stays, also while they pause. Who counts messages needs to know where it ends."""
NOTE: Final = """
    WITH ended AS (
        UPDATE webhooks.told_elsewhere SET until = nextval('runtime.outbox_position_seq')
        WHERE until IS NULL AND prefix <> ALL($1::text[]))
    INSERT INTO webhooks.told_elsewhere (prefix, since)
    SELECT p.prefix, nextval('runtime.outbox_position_seq') FROM unnest($1::text[]) AS p (prefix)
    WHERE NOT EXISTS (SELECT FROM webhooks.told_elsewhere AS t WHERE t.prefix = p.prefix AND t.until IS NULL)
    ON CONFLICT (prefix) WHERE until IS NULL DO NOTHING
"""
_COLUMNS: Final = ("event_id", "type", "key", "occurred_at", "trace_id", "correlation_id", "payload")


async def hear(tx: Tx, events: Sequence[Logged]) -> int:
    """Keep these, in their order; how many were not known yet."""
    told = [{**dict(one.row), "type": one.type} for one in events]
    return await tx.run(HEAR, *([one[name] for one in told] for name in _COLUMNS))


async def forget(tx: Tx, before: datetime, limit: int) -> int:
    """Forget at most `limit` of those heard before then that everybody who asked has passed; how many that were."""
    gone: int = await tx.value(FORGET, before, limit)
    return gone


async def note_told_elsewhere(tx: Tx, prefixes: Sequence[str]) -> None:
    """From now on partners hear of types that begin so only what another database tells; of all others this one's."""
    await tx.run(NOTE, list(prefixes))
