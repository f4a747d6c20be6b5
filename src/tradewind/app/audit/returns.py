"""Returns: no piece comes back twice, each is where its return says, and what went back for it is what it says."""

from typing import Final

RETURNED_PIECES: Final = """
    WITH bought AS (
        SELECT order_id, sku, sum(quantity) AS pieces FROM orders.order_items WHERE kind = 'goods' GROUP BY 1, 2),
    back AS (
        SELECT r.order_id, l.sku, sum(l.quantity - l.refused) AS pieces
        FROM returns.returns AS r JOIN returns.line AS l ON l.return_id = r.id
        WHERE r.status NOT IN ('REJECTED', 'CANCELED') GROUP BY 1, 2),
    judged AS (
        SELECT b.order_id, b.sku, CASE WHEN b.pieces > coalesce(o.pieces, 0) THEN
            format('%s are given back, %s were bought', b.pieces, coalesce(o.pieces, 0)) END AS why
        FROM back AS b LEFT JOIN bought AS o USING (order_id, sku))
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('order %s, SKU %s: %s', order_id, sku, why) ORDER BY order_id, sku)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
RETURNS: Final = """
    WITH shelved AS (
        SELECT split_part(reference, '/', 1) AS reference, min(delta / per) AS delta,
               CASE WHEN min(warehouse) = max(warehouse) THEN min(warehouse) END AS warehouse
        FROM inventory.inventory_adjustment WHERE reference LIKE 'return:%' GROUP BY 1),
    line AS (
        SELECT l.return_id, coalesce(sum(l.quantity), 0) AS pieces,
               sum(l.restocked + l.written_off + l.refused) AS seen, sum(l.restocked) AS restocked,
               coalesce(sum(s.delta), 0) AS shelved,
               count(s.reference) FILTER (WHERE s.warehouse IS DISTINCT FROM coalesce(l.warehouse, 'MAIN')) AS astray
        FROM returns.line AS l LEFT JOIN shelved AS s ON s.reference = format('return:%s:%s', l.return_id, l.sku)
        GROUP BY l.return_id),
    refund AS (
        SELECT coalesce(r.part_of, r.id) AS id, sum(r.amount_minor) AS amount_minor, max(r.created_at) AS created_at,
               (array_agg(coalesce(p.part_of, p.order_id)))[1] AS order_id, max(r.failed_at) AS failed_at,
               CASE WHEN bool_and(r.status = 'DONE') THEN 'DONE' ELSE min(r.status) FILTER (WHERE r.status <> 'DONE')
               END AS status
        FROM payments.refund AS r JOIN payments.payments AS p ON p.order_id = r.order_id GROUP BY 1),
    judged AS (
        SELECT r.id, coalesce(r.status = 'INSPECTED' AND f.status <> 'REFUSED', false)
            OR r.status = 'RECEIVED' AND r.refund_id IS NOT NULL AS moving, CASE
            WHEN o.id IS NULL THEN format('it is of order %s, which does not exist', r.order_id)
            WHEN l.return_id IS NULL THEN 'it has no lines'
            WHEN r.replacement_id IS NOT NULL AND x.id IS NULL THEN
                format('it is exchanged for order %s, which does not exist', r.replacement_id)
            WHEN r.status IN ('INSPECTED', 'REFUNDED') AND x.payment_method IS NULL AND o.payment_method IS NOT NULL
                AND x.status IN ('PENDING_RESERVATION', 'RESERVED', 'PENDING_PAYMENT') THEN
                format('it is %s, but order %s, which goes out for it, waits to hear what paid for it', r.status,
                       r.replacement_id)
            WHEN l.seen <> CASE WHEN r.status IN ('INSPECTED', 'REFUNDED')
                OR r.status = 'RECEIVED' AND r.refund_id IS NOT NULL THEN l.pieces ELSE 0 END THEN
                format('it is %s, but %s of its %s pieces were looked at', r.status, l.seen, l.pieces)
            WHEN l.restocked <> l.shelved THEN
                format('%s pieces are restocked, %s were put on the shelf', l.restocked, l.shelved)
            WHEN l.astray > 0 THEN format('%s of its lines are put into another warehouse than they came to', l.astray)
            WHEN r.amount_minor > 0 AND (f.id IS NULL OR f.order_id <> r.order_id) THEN
                format('%s %s go back for it, but there is no such refund', r.amount_minor, r.currency)
            WHEN f.amount_minor <> r.amount_minor AND r.status <> 'RECEIVED' THEN
                format('it says that %s %s go back, its refund says %s', r.amount_minor, r.currency, f.amount_minor)
            WHEN r.status = 'REFUNDED' AND f.status <> 'DONE'
                AND coalesce(f.failed_at < now() - make_interval(secs => $2), true) THEN
                format('it is REFUNDED, but its refund is %s', f.status)
            WHEN r.status = 'INSPECTED' AND f.status = 'DONE' AND r.changed_at < now() - make_interval(secs => $2)
                AND f.created_at < now() - make_interval(secs => $2) THEN 'the money is back, but it is only INSPECTED'
            WHEN r.status = 'RECEIVED' AND f.created_at < now() - make_interval(secs => $2) THEN
                format('%s %s are claimed for it, but it is not INSPECTED', f.amount_minor, r.currency)
            WHEN sum(r.amount_minor) OVER (PARTITION BY r.order_id) > o.items_minor + o.tax_minor - o.discount_minor
                THEN format('more goes back for returns of order %s than its goods cost', r.order_id)
            END AS why
        FROM returns.returns AS r
        LEFT JOIN line AS l ON l.return_id = r.id
        LEFT JOIN orders.orders AS o ON o.id = r.order_id
        LEFT JOIN orders.orders AS x ON x.id = r.replacement_id
        LEFT JOIN refund AS f ON f.id = r.refund_id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('return %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
