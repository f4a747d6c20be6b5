"""Sagas: each order has one, what has ended agrees with its order, what has not ended is being carried on."""

from typing import Final

SAGAS_AND_ORDERS: Final = """
    WITH judged AS (
        SELECT coalesce(o.id, s.id) AS id, coalesce(s.phase IN ('STARTED', 'COMPENSATING'), false) AS moving, CASE
            WHEN o.id IS NULL THEN format('a saga (%s) without an order', s.phase)
            WHEN s.id IS NULL THEN format('the order is %s, but no saga carries it', o.status)
            WHEN s.phase = 'COMPLETED' AND o.status NOT IN ('PAID', 'FULFILLED')
                OR s.phase = 'FAILED' AND o.status NOT IN ('CANCELED', 'FAILED')
                OR s.phase = 'STARTED' AND o.status IN ('PAID', 'FULFILLED', 'CANCELED', 'FAILED')
                OR s.phase IN ('COMPENSATING', 'NEEDS_ATTENTION') AND o.status IN ('CANCELED', 'FAILED') THEN
                format('the saga is %s, but the order is %s', s.phase, o.status)
            END AS why
        FROM orders.orders AS o
        FULL JOIN (SELECT id, phase FROM runtime.saga
                   WHERE name IN ('place_order', 'place_backorder', 'place_exchange')) AS s ON s.id = o.id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('order %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
OVERDUE: Final = """
    WITH judged AS (
        SELECT s.id, s.name, s.phase IN ('STARTED', 'COMPENSATING') AS moving, CASE
            WHEN s.phase = 'NEEDS_ATTENTION' THEN CASE WHEN NOT EXISTS (
                SELECT FROM runtime.audit_entry AS a
                WHERE a.action = 'saga.acknowledge' AND a.subject = s.id::text AND a.at >= s.changed_at)
                THEN format('parked since %s at step %s%s: %s', s.changed_at, s.step,
                            CASE WHEN s.undoing THEN ', undoing' ELSE '' END, s.why) END
            WHEN s.due_at IS NULL THEN format('%s, but nothing will ever wake it', s.phase)
            WHEN s.due_at < now() - make_interval(secs => $2) THEN
                format('%s at step %s, due since %s, %s', s.phase, s.step, s.due_at,
                       CASE WHEN s.lease_until > now() THEN format('leased until %s', s.lease_until)
                            ELSE 'and nobody carries it' END)
            WHEN CASE WHEN s.name <> 'place_backorder' THEN s.started_at WHEN s.step > 0 THEN s.step_since END
                < now() - make_interval(secs => $3) AND NOT EXISTS (
                SELECT FROM payments.payments AS p WHERE p.order_id = s.id AND p.by_hand AND p.status = 'AUTHORIZED'
                    AND p.to_capture_minor IS NULL AND s.phase = 'STARTED') THEN
                format('%s at step %s since %s', s.phase, s.step, s.started_at)
            END AS why
        FROM runtime.saga AS s WHERE s.phase NOT IN ('COMPLETED', 'FAILED'))
    SELECT (SELECT count(*) FROM runtime.saga) AS checked, count(*) FILTER (WHERE moving) AS in_flight,
           count(why) AS violated,
           (array_agg(format('saga %s %s: %s', name, id, why) ORDER BY id)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
LEFTOVERS: Final = """
    WITH judged AS (
        SELECT format('prepared transaction %s of %s', gid, prepared) AS why
        FROM pg_prepared_xacts WHERE database = current_database()
        UNION ALL
        SELECT CASE WHEN state LIKE 'idle in transaction%' AND state_change < now() - make_interval(secs => $2) THEN
            format('connection %s (%s) idle in a transaction since %s', pid, application_name, state_change) END
        FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
        UNION ALL
        SELECT CASE WHEN phase IN ('COMPLETED', 'FAILED') AND lease_until > now() THEN
            format('saga %s has ended, but is leased until %s', id, lease_until) END
        FROM runtime.saga)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(why ORDER BY why) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
