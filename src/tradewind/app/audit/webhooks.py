"""Webhooks: every event that a partner asked for has its number, in the log's order, and each message its end.

Which number an event must have follows from the log alone: a subscription's newest message is about the newest event,
up to its place, of those that it asked for; the one before it about the one before that. So an event that was left out,
doubled or told to somebody who never asked shifts the numbers, and shows. What was heard of other databases is part of
that log, where it was heard; before the place up to which it was forgotten again nobody can count.
"""

from typing import Final

KEPT: Final = "29 days"
"""Messages that were taken, and the log of attempts, are kept for a day longer than this; what is older may be gone."""
OVERDUE_S: Final = 3_600.0
"""What has been due for so long is carried by nobody: a circuit opens for less."""
FAILED: Final = "ecommerce.webhook.delivery.failed.v1"
ATTEMPTS: Final = 6
"""The first one, and one after each of the five delays."""
WEBHOOKS: Final = """
    WITH log AS (
        SELECT stamp, position, event_id, type, occurred_at, payload, NULL::timestamptz AS told_there
        FROM runtime.outbox AS o
        WHERE NOT EXISTS (SELECT FROM webhooks.told_elsewhere AS t
                          WHERE starts_with(o.type, t.prefix) AND o.position > t.since
                            AND (t.until IS NULL OR o.position < t.until))
        UNION ALL
        SELECT stamp, position, event_id, type, heard_at, payload, occurred_at FROM webhooks.foreign_event),
    wanted AS (
        SELECT s.id AS subscription_id, s.sequence, s.status, e.event_id, e.occurred_at,
               NOT EXISTS (SELECT FROM webhooks.forgotten AS f
                           WHERE (e.stamp, e.position) <= (f.stamp, f.position)) AS counts,
               (e.stamp, e.position) <= (s.stamp, s.position) AS read,
               row_number() OVER (PARTITION BY s.id, (e.stamp, e.position) <= (s.stamp, s.position)
                                  ORDER BY e.stamp DESC, e.position DESC) AS newest
        FROM webhooks.webhook_subscriptions AS s JOIN log AS e
            ON e.type = ANY(s.event_types) AND (e.told_there < s.created_at - interval '1 hour') IS NOT TRUE
        WHERE NOT EXISTS (SELECT FROM jsonb_each(s.filter) AS f
                          WHERE NOT coalesce(f.value ? (e.payload ->> f.key), false))),
    told AS (SELECT *, sequence - newest + 1 AS number FROM wanted
             WHERE read AND counts AND newest <= sequence),
    counted AS (SELECT s.id AS subscription_id, CASE WHEN EXISTS (SELECT FROM webhooks.forgotten)
                    THEN coalesce((SELECT min(number) FROM told AS t WHERE t.subscription_id = s.id), s.sequence + 1)
                    ELSE 1 END AS since
                FROM webhooks.webhook_subscriptions AS s),
    taken AS (
        SELECT subscription_id, sequence, bool_or(status_code BETWEEN 200 AND 299) AS taken
        FROM webhooks.webhook_delivery_attempts GROUP BY subscription_id, sequence),
    blocked AS (
        SELECT subscription_id, key, min(sequence) AS head FROM webhooks.delivery WHERE status = 'PENDING'
        GROUP BY subscription_id, key),
    judged AS (
        SELECT coalesce(d.subscription_id, t.subscription_id) AS subscription_id,
               format('message %s', coalesce(d.sequence, t.number)) AS what, d.status,
               NULLIF(concat_ws(', ',
            CASE WHEN d.sequence IS NULL THEN format('about event %s was lost', t.event_id) END,
            CASE WHEN d.sequence >= c.since AND t.event_id IS NULL THEN
                format('is about event %s, which is not one that was asked for', d.event_id) END,
            CASE WHEN d.event_id <> t.event_id THEN
                format('is about event %s, the log has %s there', d.event_id, t.event_id) END,
            CASE WHEN d.status = 'DELIVERED' AND d.settled_at > now() - $2::text::interval
                      AND NOT coalesce(a.taken, false) THEN 'is DELIVERED, but nobody took it' END,
            CASE WHEN d.status = 'DEAD' AND NOT EXISTS (
                SELECT FROM runtime.outbox AS f WHERE f.type = $3 AND f.key = d.subscription_id::text
                    AND f.payload ->> 'eventId' = d.event_id::text) THEN 'is a dead letter, but nobody was told' END,
            CASE WHEN d.status = 'PENDING' AND b.head = d.sequence AND s.status = 'ACTIVE'
                      AND greatest(d.due_at, s.open_until) < now() - make_interval(secs => $4) THEN
                format('is due since %s', d.due_at) END), '') AS why
        FROM told AS t FULL JOIN webhooks.delivery AS d
            ON d.subscription_id = t.subscription_id AND d.sequence = t.number
        LEFT JOIN webhooks.webhook_subscriptions AS s ON s.id = d.subscription_id
        LEFT JOIN counted AS c ON c.subscription_id = d.subscription_id
        LEFT JOIN taken AS a ON a.subscription_id = d.subscription_id AND a.sequence = d.sequence
        LEFT JOIN blocked AS b ON b.subscription_id = d.subscription_id AND b.key = d.key
        WHERE d.sequence IS NOT NULL OR t.occurred_at > now() - $2::text::interval
        UNION ALL
        SELECT w.subscription_id, 'the log', NULL,
               format('has %s events for it, unread since %s', count(*), min(occurred_at))
        FROM wanted AS w
        WHERE NOT w.read AND w.status = 'ACTIVE' AND (
            SELECT count(*) FROM webhooks.delivery AS d
            WHERE d.subscription_id = w.subscription_id AND d.status = 'PENDING') < 1000
        GROUP BY 1 HAVING min(occurred_at) < now() - make_interval(secs => $4))
    SELECT count(*) AS checked, count(*) FILTER (WHERE status = 'PENDING' AND why IS NULL) AS in_flight,
           count(why) AS violated,
           (array_agg(format('webhook subscription %s: %s %s', subscription_id, what, why)
                      ORDER BY subscription_id, what) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
ORDER: Final = """
    WITH attempt AS (
        SELECT subscription_id, sequence, min(id) AS begun,
               min(id) FILTER (WHERE status_code BETWEEN 200 AND 299 OR status_code = 410 OR attempt >= $3) AS ended
        FROM webhooks.webhook_delivery_attempts GROUP BY subscription_id, sequence),
    along AS (
        SELECT d.subscription_id, d.sequence, d.key, a.begun,
               max(coalesce(a.ended, 9223372036854775807)) OVER earlier AS all_ended
        FROM webhooks.delivery AS d LEFT JOIN attempt AS a USING (subscription_id, sequence)
        JOIN (SELECT event_id, occurred_at FROM runtime.outbox
              UNION ALL SELECT event_id, heard_at FROM webhooks.foreign_event) AS e
            ON e.event_id = d.event_id AND e.occurred_at > now() - $2::text::interval
        WINDOW earlier AS (PARTITION BY d.subscription_id, d.key ORDER BY d.sequence
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
    judged AS (
        SELECT *, CASE WHEN begun < all_ended THEN 'was sent before an older one of its key had its end' END AS why
        FROM along)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('webhook subscription %s: message %s of key %s %s', subscription_id, sequence, key, why)
                      ORDER BY subscription_id, sequence) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
