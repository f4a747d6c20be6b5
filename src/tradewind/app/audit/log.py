"""The log and those who hear it: in order along each key, nothing doubled, nothing unheard, nothing given up.

Along a key the order is judged within one domain (the second part of the type): its events are told by those who hold
one row. Events of two domains, a refund's and a shipment's of one order, may be told at the same moment, and so may
those of two reviews of one product, or of two payments of one order.
"""

from typing import Final

LOG_ORDER: Final = """
    WITH judged AS (
        SELECT position, CASE WHEN stamp < lag(stamp) OVER along THEN
            format('comes after position %s of the same key %s, but sorts before it: stamp %s < %s',
                   lag(position) OVER along, key, stamp, lag(stamp) OVER along) END AS why
        FROM runtime.outbox
        WINDOW along AS (PARTITION BY key COLLATE "C", split_part(type, '.', 2) COLLATE "C",
                                      coalesce(payload->>'reviewId', payload->>'paymentId') COLLATE "C"
                         ORDER BY position)
        UNION ALL
        SELECT max(position), format('is position %s once more: event %s', min(position), event_id)
        FROM runtime.outbox GROUP BY event_id HAVING count(*) > 1)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('runtime.outbox position %s: %s', position, why) ORDER BY position)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
CONSUMERS: Final = """
    WITH consumer AS (
        SELECT u.subscriber, array_agg(u.type) AS types, coalesce(max(p.stamp), 0) AS stamp,
               coalesce(max(p.position), 0) AS position
        FROM unnest($2::text[], $3::text[]) AS u (subscriber, type)
        LEFT JOIN runtime.position AS p USING (subscriber) GROUP BY u.subscriber),
    judged AS (
        SELECT c.subscriber, c.stamp, c.position, waiting.*
        FROM consumer AS c CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE due) AS overdue, count(*) FILTER (WHERE NOT due) AS young,
                   min(o.position) FILTER (WHERE due) AS first, min(o.occurred_at) FILTER (WHERE due) AS since
            FROM (SELECT position, occurred_at, occurred_at <= now() - make_interval(secs => $4)
                         OR (stamp, position) <= ($5::bigint, $6::bigint) AS due
                  FROM runtime.outbox
                  WHERE (stamp, position) > (c.stamp, c.position) AND type = ANY(c.types)
                    AND stamp < pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS o) AS waiting)
    SELECT count(*) AS checked, coalesce(sum(young), 0)::bigint AS in_flight,
           count(*) FILTER (WHERE overdue > 0) AS violated,
           (array_agg(format('subscriber %s stands at (%s, %s) and has not heard %s events, the first at position %s '
                             'since %s', subscriber, stamp, position, overdue, first, since) ORDER BY subscriber)
            FILTER (WHERE overdue > 0))[1:$1] AS violations
    FROM judged
"""
DEAD_LETTERS: Final = """
    SELECT count(*) AS checked, 0 AS in_flight, count(*) AS violated,
           (array_agg(format('subscriber %s gave up position %s (event %s, %s) after %s attempts: %s', subscriber,
                             position, event_id, type, attempts, reason) ORDER BY position, subscriber))[1:$1]
               AS violations
    FROM runtime.dead_letter
"""
ANSWERS: Final = """
    WITH judged AS (
        SELECT 'the answer under idempotency key ' || left(i.scope, 16) || '…' AS what,
               CASE WHEN o.id IS NULL THEN format('names order %s, which does not exist', i.answer ->> 'id')
                    WHEN o.currency <> i.answer ->> 'currency' THEN
                    format('gives order %s in %s, the order says %s', o.id, i.answer ->> 'currency', o.currency) END
               AS why
        FROM runtime.idempotency AS i LEFT JOIN orders.orders AS o ON o.id::text = i.answer ->> 'id'
        WHERE i.answer ? 'totalAmount' AND i.answer ? 'items'
        UNION ALL
        SELECT 'order ' || coalesce(o.id::text, a.subject),
               CASE WHEN o.id IS NULL THEN format('was placed by %s, says the trail, but does not exist', a.actor)
                    WHEN coalesce(a.times, 0) <> 1 THEN
                    format('was placed %s times, says the trail', coalesce(a.times, 0)) END
        FROM orders.orders AS o
        FULL JOIN (SELECT subject, count(*) AS times, min(actor) AS actor FROM runtime.audit_entry
                   WHERE action = 'orders.place' GROUP BY subject) AS a ON a.subject = o.id::text)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(what || ' ' || why ORDER BY what) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
