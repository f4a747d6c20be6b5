"""Carts and orders: what was checked out is one order, of what was wanted, at the price that was shown.

A quote is forgotten with the cart that was bought, so the order is held against what the trail says was quoted.
An amount in the trail has its currency's own number of digits: without the point it is in minor units.
"""

from typing import Final

CARTS_AND_ORDERS: Final = """
    WITH told AS (
        SELECT key, count(*) AS times, (array_agg(payload->>'orderId' ORDER BY stamp, position))[1] AS order_id
        FROM runtime.outbox WHERE type = 'ecommerce.cart.cart.checked_out.v1' GROUP BY key),
    bought AS (
        SELECT coalesce(c.id::text, t.key) AS cart_id, c.owner, c.status, c.version, t.times, t.order_id AS told_id,
               coalesce(c.order_id::text, t.order_id) AS order_id
        FROM (SELECT * FROM carts.carts WHERE status = 'CHECKED_OUT') AS c FULL JOIN told AS t ON t.key = c.id::text),
    wanted AS (
        SELECT cart_id::text AS cart_id, jsonb_object_agg(sku, quantity) AS goods FROM carts.cart_items
        WHERE NOT saved AND cart_id IN (SELECT id FROM carts.carts WHERE status = 'CHECKED_OUT') GROUP BY 1),
    ordered AS (
        SELECT order_id, jsonb_object_agg(sku, quantity) AS goods
        FROM (SELECT order_id::text AS order_id, sku, sum(quantity)::int AS quantity FROM orders.order_items
              WHERE order_id::text IN (SELECT order_id FROM bought) GROUP BY 1, 2) AS i GROUP BY 1),
    redeemed AS (
        SELECT order_id::text AS order_id, jsonb_agg(code ORDER BY code) AS codes FROM pricing.redemption GROUP BY 1),
    quoted AS (
        SELECT DISTINCT subject AS cart_id, (facts->>'version')::int AS version,
               split_part(facts->>'total', ' ', 2) AS currency,
               replace(split_part(facts->>'total', ' ', 1), '.', '')::bigint AS minor,
               coalesce((SELECT jsonb_agg(code ORDER BY code)
                         FROM jsonb_array_elements_text(facts->'coupons') AS u (code)), '[]') AS codes
        FROM runtime.audit_entry WHERE action = 'carts.quote'),
    claimed AS (SELECT key FROM runtime.outbox WHERE type = 'ecommerce.order.order.claimed.v1'),
    erased AS (SELECT key FROM runtime.outbox WHERE type = 'ecommerce.customer.person.erased.v1'),
    edited AS (SELECT key FROM runtime.outbox WHERE type = 'ecommerce.order.order.edited.v1'),
    held AS (SELECT cart_id::text AS cart_id, count(*) AS quotes FROM carts.quote GROUP BY 1),
    shared AS (SELECT order_id FROM bought GROUP BY order_id HAVING count(*) > 1),
    judged AS (
        SELECT b.cart_id, CASE
            WHEN b.status IS NULL AND k.id IS NOT NULL THEN
                format('was told to have become order %s, but is %s', b.told_id, k.status)
            WHEN b.status IS NULL AND coalesce(o.user_id, '') NOT IN (SELECT key FROM erased) THEN
                format('was told to have become order %s, but there is no such cart', b.told_id)
            WHEN b.status IS NULL THEN NULL
            WHEN b.times IS NULL THEN format('became order %s, but nobody was told', b.order_id)
            WHEN b.times > 1 THEN format('was told %s times to have become an order', b.times)
            WHEN b.told_id <> b.order_id THEN format('became order %s, but %s was told', b.order_id, b.told_id)
            WHEN b.order_id IN (SELECT order_id FROM shared) THEN format('shares order %s', b.order_id)
            WHEN o.id IS NULL THEN format('became order %s, which does not exist', b.order_id)
            WHEN o.user_id <> b.owner AND b.order_id NOT IN (SELECT key FROM claimed) THEN
                format('is of %s, its order %s is of %s', b.owner, b.order_id, o.user_id)
            WHEN b.order_id IN (SELECT key FROM edited) THEN CASE WHEN h.quotes > 0 THEN
                format('was bought, but %s quotes with their addresses are kept', h.quotes) END
            WHEN w.goods IS DISTINCT FROM i.goods THEN
                format('wants %s, its order %s has %s', w.goods, b.order_id, i.goods)
            WHEN h.quotes > 0 THEN format('was bought, but %s quotes with their addresses are kept', h.quotes)
            WHEN q.cart_id IS NULL THEN
                format('its order %s charges %s %s in minor units with coupons %s, which was never quoted',
                       b.order_id, o.total_minor, o.currency, coalesce(r.codes, '[]')) END AS why
        FROM bought AS b
        LEFT JOIN carts.carts AS k ON k.id::text = b.cart_id
        LEFT JOIN orders.orders AS o ON o.id::text = b.order_id
        LEFT JOIN wanted AS w ON w.cart_id = b.cart_id LEFT JOIN ordered AS i ON i.order_id = b.order_id
        LEFT JOIN redeemed AS r ON r.order_id = b.order_id LEFT JOIN held AS h ON h.cart_id = b.cart_id
        LEFT JOIN quoted AS q ON q.cart_id = b.cart_id AND q.version = b.version - 1 AND q.currency = o.currency
                             AND q.minor = o.total_minor AND q.codes = coalesce(r.codes, '[]'))
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('cart %s: %s', cart_id, why) ORDER BY cart_id) FILTER (WHERE why IS NOT NULL))[1:$1]
               AS violations
    FROM judged
"""
MERGED_CARTS: Final = """
    WITH taken AS (
        SELECT cart_id AS target, (body->>'source')::uuid AS id, count(*) AS times,
               sum((SELECT coalesce(sum((line->>'quantity')::int), 0)
                    FROM jsonb_array_elements(body->'lines') AS l (line))
                   + (SELECT coalesce(sum(value::int), 0) FROM jsonb_each_text(body->'left_out'))) AS pieces
        FROM carts.cart_event WHERE type = 'GuestCartTaken' GROUP BY 1, 2),
    away AS (
        SELECT c.id, c.merged_into AS target, coalesce(sum(i.quantity), 0) AS pieces
        FROM carts.carts AS c LEFT JOIN carts.cart_items AS i ON i.cart_id = c.id
        WHERE c.status = 'MERGED' GROUP BY c.id),
    judged AS (
        SELECT coalesce(a.id, t.id) AS id, CASE
            WHEN a.id IS NULL THEN format('is in cart %s, but was not merged into it', t.target)
            WHEN NOT EXISTS (SELECT FROM carts.carts AS c WHERE c.id = a.target) THEN
                format('was merged into cart %s, which does not exist', a.target)
            WHEN t.times > 1 THEN format('was taken into cart %s %s times', t.target, t.times)
            WHEN a.pieces <> coalesce(t.pieces, 0) THEN
                format('held %s pieces, of which cart %s knows %s', a.pieces, a.target, coalesce(t.pieces, 0)) END
            AS why
        FROM away AS a FULL JOIN taken AS t ON t.id = a.id AND t.target = a.target)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('cart %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
