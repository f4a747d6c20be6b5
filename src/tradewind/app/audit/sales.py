"""Flash sales: what was sold is what orders hold, no more than there was, and to each buyer no more than their part.

What a guest left to a user is nobody's part: two people's pieces became one's, and a guest may begin anew.
"""

from typing import Final

FLASH_SALES: Final = """
    WITH claimed AS (SELECT key FROM runtime.outbox WHERE type = 'ecommerce.order.order.claimed.v1'),
    piece AS (
        SELECT r.sale_id, r.order_id, r.pieces, o.id IS NULL AS nowhere,
               CASE WHEN r.order_id::text NOT IN (SELECT key FROM claimed) THEN e.payload->>'userId' END AS buyer,
               o.status IN ('CANCELED', 'FAILED') AS is_off,
               (SELECT max(h.at) FROM orders.order_status_history AS h WHERE h.order_id = o.id)
                   < now() - make_interval(secs => $2) AS settled,
               (SELECT sum(i.quantity) FROM orders.order_items AS i
                WHERE i.order_id = o.id AND i.sku = s.sku) AS ordered
        FROM pricing.flash_sale_redemption AS r
        JOIN pricing.flash_sale AS s ON s.id = r.sale_id
        LEFT JOIN orders.orders AS o ON o.id = r.order_id
        LEFT JOIN runtime.outbox AS e ON e.key = r.order_id::text AND e.type = 'ecommerce.order.order.created.v1'
        WHERE r.returned_at IS NULL),
    of_sale AS (
        SELECT sale_id, sum(pieces) AS pieces, count(*) FILTER (WHERE nowhere) AS nowhere,
               count(*) FILTER (WHERE is_off AND settled) AS off,
               count(*) FILTER (WHERE is_off AND NOT settled) AS going,
               count(*) FILTER (WHERE NOT nowhere AND pieces IS DISTINCT FROM ordered) AS differing
        FROM piece GROUP BY 1),
    of_buyer AS (
        SELECT sale_id, max(pieces) AS most
        FROM (SELECT sale_id, buyer, sum(pieces) AS pieces FROM piece WHERE buyer IS NOT NULL GROUP BY 1, 2) AS b
        GROUP BY 1),
    judged AS (
        SELECT s.id, coalesce(o.going, 0) AS going, NULLIF(concat_ws(', ',
            CASE WHEN s.sold <> coalesce(o.pieces, 0) THEN
                format('sold is %s, but orders hold %s', s.sold, coalesce(o.pieces, 0)) END,
            CASE WHEN o.pieces > s.quantity THEN format('%s of %s pieces were sold', o.pieces, s.quantity) END,
            CASE WHEN b.most > s.per_buyer THEN format('a buyer has %s, %s are allowed', b.most, s.per_buyer) END,
            CASE WHEN o.nowhere > 0 THEN format('%s orders that hold pieces do not exist', o.nowhere) END,
            CASE WHEN o.off > 0 THEN format('%s orders that are off hold pieces', o.off) END,
            CASE WHEN o.differing > 0 THEN format('%s orders hold other pieces than they ordered', o.differing) END,
            CASE WHEN s.state = 'RUNNING' AND s.ends_at < now() - make_interval(secs => $2) THEN
                format('it runs, but was to end at %s', s.ends_at) END), '') AS why
        FROM pricing.flash_sale AS s
        LEFT JOIN of_sale AS o ON o.sale_id = s.id LEFT JOIN of_buyer AS b ON b.sale_id = s.id)
    SELECT count(*) AS checked, coalesce(sum(going), 0)::int AS in_flight, count(why) AS violated,
           (array_agg(format('flash sale %s: %s', id, why) ORDER BY id)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
