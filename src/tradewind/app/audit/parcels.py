"""Parcels: every piece that was bought travels in one shipment, and what is to be picked is what is in the house."""

from typing import Final

OVERDUE_S: Final = 900.0
"""A carrier that does not answer is asked again after five minutes at the most."""
PIECES: Final = """
    WITH part AS (
        SELECT s.order_id, l.key AS sku, sum(l.value::int) AS quantity
        FROM shipping.shipments AS s CROSS JOIN LATERAL jsonb_each_text(s.lines) AS l
        WHERE s.lines IS NOT NULL GROUP BY s.order_id, l.key),
    bought AS (
        SELECT order_id, sku, sum(quantity) AS quantity FROM orders.order_items
        WHERE kind = 'goods' AND order_id IN (SELECT order_id FROM part) GROUP BY order_id, sku),
    judged AS (
        SELECT coalesce(p.order_id, b.order_id) AS order_id, sku, CASE
            WHEN p.quantity IS DISTINCT FROM b.quantity THEN
                format('%s of it were bought, but its shipments hold %s', coalesce(b.quantity, 0),
                       coalesce(p.quantity, 0)) END AS why
        FROM part AS p FULL JOIN bought AS b USING (order_id, sku))
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('order %s, SKU %s: %s', order_id, sku, why) ORDER BY order_id, sku)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
TASKS: Final = """
    WITH judged AS (
        SELECT coalesce(s.id, t.shipment_id) AS id, CASE
            WHEN s.id IS NULL THEN 'is to be picked, but does not exist'
            WHEN s.status = 'READY' AND coalesce(t.state, 'missing') NOT IN
                 ('OPEN', 'CLAIMED', 'HANDED_OVER', 'PICKED', 'PACKED') THEN
                format('is READY, but its task is %s', coalesce(t.state, 'missing'))
            WHEN s.status <> 'READY' AND t.state IN ('OPEN', 'CLAIMED', 'HANDED_OVER', 'PICKED', 'PACKED') THEN
                format('is %s, but its task is %s', s.status, t.state)
            WHEN (t.state = 'HANDED_OVER') <> EXISTS (
                     SELECT FROM shipping.warehouse_order AS w
                     WHERE w.shipment_id = s.id AND w.state IN ('WANTED', 'SENT')) THEN
                 format('has a task that is %s, which its fulfilment order does not say', t.state)
            WHEN t.state = 'PACKED' AND NOT EXISTS (SELECT FROM shipping.parcel AS p WHERE p.shipment_id = s.id) THEN
                'is packed into no parcel' END AS why
        FROM shipping.shipments AS s FULL JOIN shipping.fulfillment_task AS t ON t.shipment_id = s.id)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('shipment %s %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
UNPACKED: Final = """
    WITH shelved AS (
        SELECT split_part(reference, '/', 1) AS reference, min(delta / per) AS delta,
               CASE WHEN min(warehouse) = max(warehouse) THEN min(warehouse) END AS warehouse
        FROM inventory.inventory_adjustment WHERE reference LIKE 'unpacked:%' GROUP BY 1),
    found AS (
        SELECT *, format('unpacked:%s:%s:%s', shipment_id, round, sku) AS reference FROM shipping.unpacked),
    judged AS (
        SELECT coalesce(f.reference, s.reference) AS id, CASE
            WHEN f.reference IS NULL THEN format('%s pieces were put on the shelf, but nobody unpacked them', s.delta)
            WHEN f.restocked <> coalesce(s.delta, 0) THEN
                format('%s pieces are restocked, %s were put on the shelf', f.restocked, coalesce(s.delta, 0))
            WHEN s.warehouse IS DISTINCT FROM f.warehouse AND f.restocked > 0 THEN
                format('it came back to %s, but was put on the shelf of %s', f.warehouse, s.warehouse)
            WHEN h.parcels = f.round AND coalesce((h.lines ->> f.sku)::int, 0) <> f.restocked + f.written_off THEN
                format('%s pieces were unpacked, %s were sent', f.restocked + f.written_off, h.lines ->> f.sku)
            END AS why
        FROM found AS f FULL JOIN shelved AS s USING (reference)
        LEFT JOIN shipping.shipments AS h ON h.id = f.shipment_id)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('%s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
REPLACEMENTS: Final = """
    WITH out AS (
        SELECT order_id AS id, string_agg(DISTINCT state, ' and ') AS state
        FROM inventory.reservation GROUP BY order_id),
    judged AS (
        SELECT r.id, r.status = 'PENDING' AS moving, CASE
            WHEN r.status = 'DONE' AND o.state IS DISTINCT FROM 'CONFIRMED' THEN
                format('goods go out once more for shipment %s, but are %s', shipment_id, coalesce(o.state, 'missing'))
            WHEN r.status = 'DONE' AND s.parcels <= r.round THEN
                format('goods were taken for shipment %s, which was not sent again', shipment_id)
            WHEN r.status = 'REFUSED' AND o.state NOT IN ('RELEASED', 'EXPIRED') THEN
                format('nothing goes out once more for shipment %s, but its goods are %s', shipment_id, o.state)
            WHEN r.status = 'PENDING' AND g.phase IS DISTINCT FROM 'STARTED'
                 AND g.phase IS DISTINCT FROM 'COMPENSATING' AND g.phase IS DISTINCT FROM 'NEEDS_ATTENTION' THEN
                format('goods are to go out once more for shipment %s, and nobody sees to it', shipment_id) END AS why
        FROM shipping.replacement AS r JOIN shipping.shipments AS s ON s.id = r.shipment_id
        LEFT JOIN out AS o ON o.id = r.id LEFT JOIN runtime.saga AS g ON g.id = r.id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('replacement %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1]
               AS violations
    FROM judged
"""
CARRIAGE: Final = """
    WITH judged AS (
        SELECT p.id, p.state = 'WANTED' OR p.state = 'CANCELING' AS moving, CASE
            WHEN s.status = 'CANCELED' AND p.state NOT IN ('PACKED', 'CANCELING', 'CANCELED', 'REFUSED') THEN
                format('its order is off, but it is %s', p.state)
            WHEN s.status IN ('PLANNED', 'READY') AND p.round = s.parcels
                 AND p.state IN ('IN_TRANSIT', 'DELIVERED', 'RETURNED', 'LOST') THEN
                format('its carrier says that it is %s, but its shipment is %s', p.state, s.status)
            WHEN p.state IN ('WANTED', 'CANCELING')
                 AND coalesce(p.due_at, '-infinity') < now() - make_interval(secs => $2) THEN
                format('it is %s since %s, and nobody asks its carrier', p.state, p.changed_at)
            WHEN s.status IN ('DISPATCHED', 'IN_TRANSIT') AND p.round = s.parcels AND p.due_at IS NULL
                 AND p.state IN ('BOOKED', 'IN_TRANSIT') THEN
                format('it is %s, and nobody will ask its carrier', p.state) END AS why
        FROM shipping.parcel AS p JOIN shipping.shipments AS s ON s.id = p.shipment_id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('parcel %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
