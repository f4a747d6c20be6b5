"""Goods: stock equals its ledger, nothing is held for nobody, what was ordered is what was taken out."""

from typing import Final

STOCK: Final = """
    WITH adjusted AS (
        SELECT sku, warehouse, sum(delta) AS quantity FROM inventory.inventory_adjustment GROUP BY sku, warehouse),
    taken AS (
        SELECT sku, warehouse, sum(quantity) FILTER (WHERE state = 'CONFIRMED') AS confirmed,
               sum(quantity) FILTER (WHERE state = 'HELD') AS held
        FROM inventory.reservation GROUP BY sku, warehouse),
    judged AS (
        SELECT NULLIF(concat_ws(', ',
            CASE WHEN s.sku IS NULL THEN 'is reserved or adjusted, but has no row in inventory.inventory_stock' END,
            CASE WHEN s.on_hand <> coalesce(a.quantity, 0) - coalesce(t.confirmed, 0) THEN
                format('on_hand is %s, but adjustments %s - confirmed %s = %s', s.on_hand, coalesce(a.quantity, 0),
                       coalesce(t.confirmed, 0), coalesce(a.quantity, 0) - coalesce(t.confirmed, 0)) END,
            CASE WHEN s.reserved <> coalesce(t.held, 0) THEN
                format('reserved is %s, but %s is held', s.reserved, coalesce(t.held, 0)) END,
            CASE WHEN s.on_hand < 0 OR s.reserved < 0 OR s.reserved > s.on_hand THEN
                format('more is promised than there is: on_hand %s, reserved %s', s.on_hand, s.reserved) END), '')
            AS why, format('SKU %s in %s', sku, warehouse) AS place
        FROM inventory.inventory_stock AS s FULL JOIN adjusted AS a USING (sku, warehouse)
        FULL JOIN taken AS t USING (sku, warehouse))
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(place || ': ' || why ORDER BY place) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
RESERVATIONS: Final = """
    WITH goods AS (
        SELECT order_id, sku, sum(quantity) AS quantity FROM orders.order_items
        WHERE kind = 'goods' GROUP BY order_id, sku),
    held AS (
        SELECT order_id, coalesce(bundle, sku) AS ordered, sku, per, state, sum(quantity) AS quantity
        FROM inventory.reservation WHERE order_id NOT IN (SELECT id FROM inventory.claim)
            AND order_id NOT IN (SELECT id FROM inventory.backorder) GROUP BY 1, 2, 3, 4, 5),
    changing AS (
        SELECT e.id, e.order_id FROM orders.edit AS e JOIN runtime.saga AS s USING (id)
        WHERE (s.name, s.step) IN (('edit_elsewhere', 3), ('edit_apart', 4)) AND s.phase = 'STARTED'
            AND e.status = 'COMMITTED'),
    line AS (
        SELECT coalesce(g.order_id, r.order_id) AS order_id, coalesce(r.sku, g.sku) AS sku,
               g.quantity * coalesce(r.per, 1) AS ordered, r.quantity AS reserved, r.state
        FROM goods AS g FULL JOIN held AS r ON r.order_id = g.order_id AND r.ordered = g.sku),
    judged AS (
        SELECT l.order_id, l.sku, c.id IS NOT NULL OR coalesce(s.phase IN ('STARTED', 'COMPENSATING'), false) AS moving,
               CASE
            WHEN c.id IS NOT NULL THEN NULL
            WHEN o.id IS NULL THEN CASE
                WHEN e.id IS NULL AND l.state IS NOT NULL THEN
                    format('%s of it are %s for an order that does not exist', l.reserved, l.state)
                WHEN l.state = 'CONFIRMED' OR l.state = 'HELD' AND e.status <> 'PENDING' THEN
                    format('%s of it are %s for an edit that is %s', l.reserved, l.state, e.status) END
            WHEN l.state IS NOT NULL AND l.reserved IS DISTINCT FROM l.ordered THEN
                format('%s were reserved, %s ordered', l.reserved, coalesce(l.ordered, 0))
            WHEN o.status IN ('CANCELED', 'FAILED', 'PENDING_RESERVATION') THEN CASE
                WHEN l.state IN ('HELD', 'CONFIRMED') THEN
                    format('%s of it are %s, but the order is %s', l.reserved, l.state, o.status) END
            WHEN l.state IS NULL THEN format('the order is %s, but %s of it were never reserved', o.status, l.ordered)
            WHEN s.undoing THEN NULL
            WHEN o.status IN ('CONFIRMED', 'PAID', 'FULFILLED') AND l.state <> 'CONFIRMED' THEN
                format('the order is %s, but its %s are %s', o.status, l.reserved, l.state)
            WHEN l.state = 'RELEASED' THEN format('the order is %s, but its %s were released', o.status, l.reserved)
            END AS why
        FROM line AS l
        LEFT JOIN orders.orders AS o ON o.id = l.order_id
        LEFT JOIN orders.edit AS e ON e.id = l.order_id
        LEFT JOIN changing AS c ON l.order_id IN (c.id, c.order_id)
        LEFT JOIN runtime.saga AS s ON s.id = l.order_id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('order %s, SKU %s: %s', order_id, sku, why) ORDER BY order_id, sku)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
CLAIMS: Final = """
    WITH judged AS (
        SELECT c.id, CASE
            WHEN r.order_id IS NULL AND NOT c.canceled THEN 'nothing was ever held for it'
            WHEN c.canceled AND r.state IN ('HELD', 'CONFIRMED') THEN format('it is canceled, but %s', r.state)
            WHEN r.state = 'HELD' AND r.expires_at < now() - make_interval(secs => $2) THEN
                format('it is held, though only until %s', r.expires_at)
            WHEN r.states > 1 THEN 'its lines are not all in one state' END AS why
        FROM inventory.claim AS c LEFT JOIN (
            SELECT order_id, min(state) AS state, count(DISTINCT state) AS states, min(expires_at) AS expires_at
            FROM inventory.reservation GROUP BY order_id) AS r ON r.order_id = c.id)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('reservation %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1]
               AS violations
    FROM judged
"""
QUEUES: Final = """
    WITH wanted AS (
        SELECT sku, sum(quantity)::int AS pieces FROM inventory.backorder WHERE status = 'WAITING' GROUP BY sku),
    held AS (
        SELECT order_id, sum(quantity) FILTER (WHERE state = 'HELD') AS pieces
        FROM inventory.reservation GROUP BY order_id),
    judged AS (
        SELECT format('queue of SKU %s', coalesce(s.sku, w.sku)) AS place, CASE
            WHEN s.waiting IS DISTINCT FROM coalesce(w.pieces, 0) THEN
                format('%s pieces are kept back for it, but it wants %s', s.waiting, coalesce(w.pieces, 0)) END AS why
        FROM (SELECT sku, waiting FROM inventory.inventory_stock WHERE warehouse = 'MAIN') AS s
        FULL JOIN wanted AS w USING (sku)
        UNION ALL
        SELECT format('backorder %s of order %s, SKU %s', b.id, coalesce(b.order_id::text, 'nobody'), b.sku), CASE
            WHEN b.status IN ('WAITING', 'TAKEN', 'CANCELED') AND h.pieces > 0 THEN
                format('it is %s, but %s are HELD for it', b.status, h.pieces)
            WHEN b.order_id IS NULL THEN NULL
            WHEN b.status = 'RESERVED' AND h.pieces IS DISTINCT FROM b.quantity THEN
                format('it was allotted %s, but %s are HELD for it', b.quantity, coalesce(h.pieces, 0))
            WHEN b.status IN ('WAITING', 'RESERVED') AND o.status IS DISTINCT FROM 'PENDING_RESERVATION' THEN
                format('it is %s, but the order is %s', b.status, coalesce(o.status, 'nowhere'))
            WHEN b.status = 'TAKEN' AND o.status = 'PENDING_RESERVATION' AND s.phase = 'STARTED' THEN
                'the order has its goods, but does not know it' END
        FROM inventory.backorder AS b LEFT JOIN held AS h ON h.order_id = b.id
        LEFT JOIN orders.orders AS o ON o.id = b.order_id LEFT JOIN runtime.saga AS s ON s.id = b.order_id
        UNION ALL
        SELECT format('order %s', s.id), CASE WHEN NOT EXISTS (
            SELECT FROM inventory.backorder AS b WHERE b.order_id = s.id AND b.status IN ('WAITING', 'RESERVED')) THEN
                'it waits for goods, but stands in no queue' END
        FROM runtime.saga AS s WHERE s.name = 'place_backorder' AND s.phase = 'STARTED' AND s.step = 0)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(place || ': ' || why ORDER BY place) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
TRANSFERS: Final = """
    WITH booked AS (
        SELECT split_part(reference, ':', 2) AS id, split_part(reference, ':', 4) AS sku, warehouse,
               sum(delta) FILTER (WHERE reference LIKE 'transfer:%:out:%') AS sent,
               sum(delta) FILTER (WHERE reference LIKE 'transfer:%:in:%') AS came
        FROM inventory.inventory_adjustment WHERE reference LIKE 'transfer:%' GROUP BY 1, 2, 3),
    judged AS (
        SELECT t.id, l.sku, t.status = 'IN_TRANSIT' AS moving, CASE
            WHEN l.quantity <> -coalesce(o.sent, 0) THEN
                format('%s were sent, but %s left %s', l.quantity, -coalesce(o.sent, 0), t.source)
            WHEN l.received <> coalesce(i.came, 0) THEN
                format('%s have come, but %s were put into %s', l.received, coalesce(i.came, 0), t.target) END AS why
        FROM inventory.transfer AS t JOIN inventory.transfer_line AS l ON l.transfer_id = t.id
        LEFT JOIN booked AS o ON o.id = t.id::text AND o.sku = l.sku AND o.warehouse = t.source
        LEFT JOIN booked AS i ON i.id = t.id::text AND i.sku = l.sku AND i.warehouse = t.target)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('transfer %s, SKU %s: %s', id, sku, why) ORDER BY id, sku)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
PURCHASES: Final = """
    WITH booked AS (
        SELECT split_part(reference, ':', 2) AS id, split_part(reference, ':', 4) AS sku, warehouse,
               sum(delta) AS pieces
        FROM inventory.inventory_adjustment WHERE reference LIKE 'purchase:%' GROUP BY 1, 2, 3),
    judged AS (
        SELECT p.id, l.sku, CASE WHEN l.received <> coalesce(b.pieces, 0) THEN
            format('%s have come, but %s were put into %s', l.received, coalesce(b.pieces, 0), p.warehouse) END AS why
        FROM inventory.purchase AS p JOIN inventory.purchase_line AS l ON l.purchase_id = p.id
        LEFT JOIN booked AS b ON b.id = p.id::text AND b.sku = l.sku AND b.warehouse = p.warehouse)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('purchase %s, SKU %s: %s', id, sku, why) ORDER BY id, sku)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
SHIPMENTS: Final = """
    WITH travels AS (
        SELECT order_id, array_to_string(array_agg(DISTINCT status ORDER BY status), ' and ') AS status,
               bool_and(status = 'CANCELED') AS off, bool_or(status IN ('PLANNED', 'CANCELED')) AS held_back,
               bool_and(status = 'PLANNED') AS planned, bool_and(status = 'DELIVERED') AS delivered,
               max(delivered_at) AS delivered_at
        FROM shipping.shipments GROUP BY order_id),
    judged AS (
        SELECT coalesce(o.id, h.order_id) AS id, coalesce(s.phase IN ('STARTED', 'COMPENSATING'), false) AS moving, CASE
            WHEN o.id IS NULL THEN format('a shipment (%s) without an order', h.status)
            WHEN o.status IN ('CANCELED', 'FAILED') THEN CASE WHEN NOT h.off THEN
                format('the order is %s, but its shipment is %s', o.status, h.status) END
            WHEN s.undoing THEN NULL
            WHEN o.status = 'FULFILLED' THEN CASE WHEN h.delivered IS NOT TRUE THEN
                format('the order is FULFILLED, but its shipment is %s', coalesce(h.status, 'missing')) END
            WHEN o.status = 'PAID' THEN CASE
                WHEN h.planned AND EXISTS (SELECT FROM orders.edit AS e WHERE e.order_id = o.id
                                                      AND e.status IN ('PENDING', 'COMMITTED')) THEN NULL
                WHEN h.planned AND EXISTS (SELECT FROM payments.payments AS p WHERE p.order_id = o.id
                                                      AND p.status = 'CAPTURE_FAILED') THEN NULL
                WHEN h.held_back IS NOT FALSE THEN
                format('the order is PAID, but its shipment is %s', coalesce(h.status, 'missing'))
                WHEN h.delivered AND h.delivered_at < now() - make_interval(secs => $2) THEN
                format('its goods arrived at %s, but the order is not FULFILLED', h.delivered_at) END
            WHEN o.status = 'CONFIRMED' AND o.capture_by_hand AND NOT h.off THEN NULL
            WHEN o.status = 'CONFIRMED' THEN CASE WHEN h.planned IS NOT TRUE THEN
                format('the order is CONFIRMED, but its shipment is %s', coalesce(h.status, 'missing')) END
            WHEN NOT h.planned THEN format('the order is only %s, but its shipment is %s', o.status, h.status)
            END AS why
        FROM orders.orders AS o
        FULL JOIN travels AS h ON h.order_id = o.id
        LEFT JOIN runtime.saga AS s ON s.id = o.id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('order %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
