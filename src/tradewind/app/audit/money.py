"""Money in our own books: an order adds up, and what was taken and given back is what its state says."""

from typing import Final

ORDER_MONEY: Final = """
    WITH lines AS (
        SELECT order_id AS id, sum(quantity * unit_price_minor) AS minor FROM orders.order_items GROUP BY order_id),
    judged AS (
        SELECT id, CASE
            WHEN o.total_minor IS NULL THEN format('its lines are worth %s minor units, but there is no order', l.minor)
            WHEN l.minor IS NULL THEN 'it has no lines'
            WHEN o.items_minor <> l.minor THEN format('its lines are worth %s %s in minor units, the order says %s',
                                                      l.minor, o.currency, o.items_minor)
            WHEN o.total_minor <> l.minor + o.shipping_minor + o.tax_minor - o.discount_minor THEN
                format('lines %s + shipping %s + tax %s - discount %s = %s, but the total is %s %s in minor units',
                       l.minor, o.shipping_minor, o.tax_minor, o.discount_minor,
                       l.minor + o.shipping_minor + o.tax_minor - o.discount_minor, o.total_minor, o.currency)
            WHEN o.total_minor < 0 THEN format('its total is %s', o.total_minor)
            END AS why
        FROM orders.orders AS o FULL JOIN lines AS l USING (id))
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('order %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
PAYMENTS: Final = """
    WITH done AS (
        SELECT r.order_id, sum(r.amount_minor) AS minor
        FROM payments.refund AS r LEFT JOIN payments.payments AS p ON p.order_id = r.order_id
        WHERE r.status = 'DONE' AND (r.charge_id IS NULL OR p.captured_minor > 0) GROUP BY r.order_id),
    edited AS (
        SELECT order_id, sum(difference_minor) AS minor FROM orders.edit WHERE status IN ('COMMITTED', 'DONE')
        GROUP BY order_id),
    judged AS (
        SELECT coalesce(o.id, p.order_id) AS id, coalesce(s.phase IN ('STARTED', 'COMPENSATING'), false) AS moving, CASE
            WHEN o.id IS NULL THEN
                format('a payment of %s %s (%s) without an order', p.amount_minor, p.currency, p.status)
            WHEN p.amount_minor + coalesce(e.minor, 0) <> o.total_minor OR p.currency <> o.currency THEN
                format('the payment is of %s %s, its edits of %s, the order of %s %s', p.amount_minor, p.currency,
                       coalesce(e.minor, 0), o.total_minor, o.currency)
            WHEN coalesce(p.refunded_minor, 0) < coalesce(d.minor, 0) THEN
                format('refunds of %s are booked as done, but the payment says %s', d.minor, p.refunded_minor)
            WHEN o.status IN ('CANCELED', 'FAILED') THEN CASE
                WHEN p.captured_minor <> p.refunded_minor THEN
                    format('the order is %s, but %s of %s %s captured are not given back', o.status,
                           p.captured_minor - p.refunded_minor, p.captured_minor, p.currency)
                WHEN p.amount_minor > 0 AND p.status IN ('INITIATED', 'REQUIRES_ACTION', 'AUTHORIZED',
                                                             'CAPTURED') THEN
                    format('the order is %s, but its payment is %s', o.status, p.status) END
            WHEN s.undoing THEN NULL
            WHEN o.status IN ('PAID', 'FULFILLED') THEN CASE
                WHEN p.order_id IS NULL THEN format('the order is %s, but there is no payment', o.status)
                WHEN p.captured_minor <> coalesce(p.to_capture_minor, p.amount_minor)
                    OR p.status NOT IN ('CAPTURED', 'REFUNDED') THEN
                    format('the order is %s, but %s of %s %s are captured (%s%s)', o.status, p.captured_minor,
                           coalesce(p.to_capture_minor, p.amount_minor), p.currency, p.status, ': ' || p.why)
                WHEN p.refunded_minor <> coalesce(d.minor, 0) THEN
                    format('%s %s went back, but the refunds that are done make %s', p.refunded_minor, p.currency,
                           coalesce(d.minor, 0)) END
            WHEN o.status = 'CONFIRMED' THEN CASE WHEN p.status IS DISTINCT FROM 'AUTHORIZED' THEN
                format('the order is CONFIRMED, but its payment is %s', coalesce(p.status, 'missing')) END
            WHEN p.captured_minor <> p.refunded_minor THEN
                format('the order is only %s, but %s %s are captured', o.status, p.captured_minor, p.currency)
            END AS why
        FROM orders.orders AS o
        FULL JOIN (SELECT * FROM payments.payments WHERE part_of IS NULL) AS p ON p.order_id = o.id
        LEFT JOIN edited AS e ON e.order_id = o.id
        LEFT JOIN done AS d ON d.order_id = p.order_id
        LEFT JOIN runtime.saga AS s ON s.id = o.id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('order %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
INTENTS: Final = """
    WITH judged AS (
        SELECT p.order_id AS id, coalesce(s.phase IN ('STARTED', 'COMPENSATING'), false) AS moving, CASE
            WHEN p.status = 'REQUIRES_ACTION' AND c.order_id IS NULL THEN
                'its buyer must act, but nobody knows where'
            WHEN p.status = 'REQUIRES_ACTION' AND c.key <> p.authorization_key THEN
                format('its buyer was asked about %s, it waits for %s', c.key, p.authorization_key)
            WHEN p.status = 'REQUIRES_ACTION' AND s.phase = 'STARTED'
                AND c.until < now() - make_interval(secs => $2) THEN
                format('its buyer had time until %s, and nobody has undone it', c.until)
            WHEN p.by_hand AND p.captured_minor > 0 AND p.to_capture_minor IS NULL THEN
                format('%s of %s %s were captured, but nobody asked for it', p.captured_minor, p.amount_minor,
                       p.currency)
            WHEN p.captured_minor > coalesce(p.to_capture_minor, p.amount_minor) THEN
                format('%s %s were captured, but only %s asked for', p.captured_minor, p.currency, p.to_capture_minor)
            END AS why
        FROM payments.payments AS p
        LEFT JOIN payments.challenge AS c USING (order_id)
        LEFT JOIN runtime.saga AS s ON s.id = p.order_id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('order %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
REFUNDS: Final = """
    WITH each AS (
        SELECT coalesce(p.part_of, r.order_id) AS order_id, r.amount_minor, r.created_at, r.failed_at,
               r.status <> 'REFUSED' OR r.failed_at IS NOT NULL AS accepted
        FROM payments.refund AS r LEFT JOIN payments.payments AS p ON p.order_id = r.order_id),
    failed AS (
        SELECT order_id, sum(amount_minor) AS minor, min(failed_at) AS since FROM each
        WHERE failed_at IS NOT NULL GROUP BY 1),
    mended AS (
        SELECT f.order_id FROM failed AS f JOIN each AS e USING (order_id)
        WHERE e.accepted AND e.created_at > f.since GROUP BY f.order_id, f.minor
        HAVING sum(e.amount_minor) >= f.minor),
    judged AS (
        SELECT coalesce(r.id, s.id) AS id,
               coalesce(s.phase IN ('STARTED', 'COMPENSATING'), h.refund_id IS NOT NULL) AS moving, CASE
            WHEN r.id IS NULL THEN format('a saga (%s) carries a refund that does not exist', s.phase)
            WHEN p.order_id IS NULL AND r.charge_id IS NULL THEN
                format('of order %s, for which nothing was paid', r.order_id)
            WHEN r.credited_to IS NOT NULL OR s.id IS NULL AND r.status = 'REFUSED' AND r.failed_at IS NULL THEN NULL
            WHEN s.id IS NULL AND h.refund_id IS NOT NULL THEN NULL
            WHEN s.id IS NULL THEN format('of order %s: %s, but no saga carries it', r.order_id, r.status)
            WHEN r.failed_at IS NOT NULL AND s.phase = 'COMPLETED' THEN CASE WHEN m.order_id IS NULL THEN
                format('of order %s: the buyer was told that %s %s are back, and they are not since %s: %s', r.order_id,
                       r.amount_minor, p.currency, r.failed_at, r.why) END
            WHEN r.status <> CASE s.phase WHEN 'COMPLETED' THEN 'DONE' WHEN 'FAILED' THEN 'REFUSED' ELSE 'PENDING' END
                THEN
                format('of order %s: %s, but its saga is %s', r.order_id, r.status, s.phase)
            END AS why
        FROM payments.refund AS r
        LEFT JOIN payments.payments AS p ON p.order_id = r.order_id
        LEFT JOIN payments.held_refund AS h ON h.refund_id = coalesce(r.part_of, r.id)
        LEFT JOIN mended AS m ON m.order_id = coalesce(p.part_of, r.order_id)
        FULL JOIN (SELECT id, phase FROM runtime.saga WHERE name = 'refund_payment') AS s ON s.id = r.id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('refund %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
