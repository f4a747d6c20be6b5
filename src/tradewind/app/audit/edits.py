"""Edits of orders: what each cost more was taken, what it cost less went back, and none is carried by nobody."""

from typing import Final

EDITS: Final = """
    WITH back AS (
        SELECT coalesce(part_of, id) AS id, sum(amount_minor) AS minor,
               bool_and(status = 'DONE' OR failed_at IS NOT NULL) AS done
        FROM payments.refund GROUP BY 1),
    of_part AS (
        SELECT order_id, sum(amount_minor) FILTER (WHERE status = 'DONE') AS minor FROM payments.refund GROUP BY 1),
    judged AS (
        SELECT coalesce(e.id, p.order_id) AS id, coalesce(s.phase IN ('STARTED', 'COMPENSATING'), false) AS moving, CASE
            WHEN e.id IS NULL THEN format('%s %s are paid for it, a part of order %s, but there is no such edit',
                                          p.amount_minor, p.currency, p.part_of)
            WHEN o.id IS NULL THEN format('it is of order %s, which does not exist', e.order_id)
            WHEN p.part_of <> e.order_id OR p.amount_minor <> e.difference_minor OR p.currency <> e.currency THEN
                format('it costs %s %s more, its payment is of %s %s for order %s', e.difference_minor, e.currency,
                       p.amount_minor, p.currency, p.part_of)
            WHEN p.refunded_minor < coalesce(r.minor, 0) THEN
                format('refunds of %s are booked as done, but its payment says %s', r.minor, p.refunded_minor)
            WHEN s.id IS NULL AND (e.difference_minor <> 0 OR e.status <> 'DONE') THEN
                format('it is %s, but no saga carries it', e.status)
            WHEN s.phase = 'COMPLETED' AND e.status <> 'DONE' OR s.phase = 'FAILED' AND e.status <> 'REFUSED'
                OR s.phase IN ('STARTED', 'COMPENSATING') AND e.status IN ('DONE', 'REFUSED') THEN
                format('its saga is %s, but it is %s', s.phase, e.status)
            WHEN e.status = 'REFUSED' AND coalesce(p.status, 'VOIDED') NOT IN ('FAILED', 'VOIDED', 'REFUNDED') THEN
                format('it is REFUSED, but its payment is %s', p.status)
            WHEN o.status IN ('CANCELED', 'FAILED') AND s.phase IN ('COMPLETED', 'FAILED')
                AND (p.captured_minor <> p.refunded_minor OR p.status = 'AUTHORIZED') THEN
                format('its order is %s, but its payment is %s', o.status, p.status)
            WHEN e.status = 'DONE' AND e.difference_minor > 0 AND o.status IN ('PAID', 'FULFILLED')
                AND p.captured_minor IS DISTINCT FROM e.difference_minor THEN
                format('it costs %s %s more, of which %s are taken', e.difference_minor, e.currency,
                       coalesce(p.captured_minor, 0))
            WHEN e.status IN ('DONE', 'REFUSED') AND h.refund_id IS NOT NULL THEN
                format('it is %s, but has the money of its order to itself', e.status)
            WHEN e.difference_minor < 0 AND e.status IN ('COMMITTED', 'DONE')
                AND b.minor IS DISTINCT FROM -e.difference_minor THEN
                format('it costs %s %s less, of which %s go back', -e.difference_minor, e.currency,
                       coalesce(b.minor, 0))
            WHEN e.status = 'DONE' AND NOT b.done THEN 'it is DONE, but its refund is not'
            WHEN e.status IN ('DONE', 'REFUSED') AND (e.payment_method IS NOT NULL OR e.shipping_address IS NOT NULL)
                THEN 'it is over, but keeps how it was paid, or where it went' END AS why
        FROM orders.edit AS e
        FULL JOIN (SELECT * FROM payments.payments WHERE part_of IS NOT NULL) AS p ON p.order_id = e.id
        LEFT JOIN orders.orders AS o ON o.id = e.order_id
        LEFT JOIN back AS b ON b.id = e.refund_id
        LEFT JOIN of_part AS r ON r.order_id = e.id
        LEFT JOIN payments.held_refund AS h ON h.refund_id = e.refund_id
        LEFT JOIN runtime.saga AS s ON s.id = e.id AND s.name IN ('edit_order', 'edit_elsewhere', 'edit_apart'))
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('edit %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
