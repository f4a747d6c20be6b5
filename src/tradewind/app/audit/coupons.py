"""Coupons: what is counted is what orders hold, within every limit, and what came to nothing was given back.

A limit of a promotion may be lowered below what was used before; it is judged where it was used after the change. Of
orders that a guest left to a user, the uses of two people became one's: they count towards no customer's limit here.
"""

from typing import Final

COUPONS: Final = """
    WITH claimed AS (SELECT key FROM runtime.outbox WHERE type = 'ecommerce.order.order.claimed.v1'),
    placed AS (
        SELECT key, payload->>'userId' AS buyer FROM runtime.outbox
        WHERE type = 'ecommerce.order.order.created.v1' AND key NOT IN (SELECT key FROM claimed)),
    used AS (
        SELECT r.code, r.promotion_id, c.batch_id, r.redeemed_at, p.buyer
        FROM pricing.redemption AS r JOIN pricing.coupon AS c ON c.code = r.code
        LEFT JOIN placed AS p ON p.key = r.order_id::text WHERE r.returned_at IS NULL),
    changed AS (
        SELECT subject AS promotion_id, max(at) + make_interval(secs => $2) AS at FROM runtime.audit_entry
        WHERE action = 'pricing.change_promotion' GROUP BY 1),
    by_code AS (SELECT code, count(*) AS uses FROM used GROUP BY 1),
    by_batch AS (SELECT batch_id, count(*) AS uses FROM used GROUP BY 1),
    by_promotion AS (SELECT promotion_id, count(*) AS uses, max(redeemed_at) AS last FROM used GROUP BY 1),
    by_code_and_buyer AS (
        SELECT code, max(uses) AS most
        FROM (SELECT code, count(*) AS uses FROM used WHERE buyer IS NOT NULL GROUP BY code, buyer) AS u GROUP BY 1),
    by_buyer AS (
        SELECT DISTINCT ON (promotion_id) promotion_id, uses AS most, last
        FROM (SELECT u.promotion_id, count(*) AS uses, max(u.redeemed_at) AS last FROM used AS u
              LEFT JOIN changed AS c ON c.promotion_id = u.promotion_id::text
              WHERE u.buyer IS NOT NULL GROUP BY u.promotion_id, u.buyer, c.at
              HAVING c.at IS NULL OR max(u.redeemed_at) > c.at) AS u
        ORDER BY promotion_id, uses DESC),
    judged AS (
        SELECT 'code ' || c.code AS what, c.uses AS counted, coalesce(u.uses, 0) AS uses, c.max_uses AS most,
               b.most AS of_one, c.max_per_customer AS most_of_one
        FROM pricing.coupon AS c LEFT JOIN by_code AS u ON u.code = c.code
        LEFT JOIN by_code_and_buyer AS b ON b.code = c.code
        UNION ALL
        SELECT 'batch ' || c.id, c.uses, coalesce(u.uses, 0), c.max_uses, NULL, NULL
        FROM pricing.coupon_batch AS c LEFT JOIN by_batch AS u ON u.batch_id = c.id
        UNION ALL
        SELECT 'promotion ' || p.id, p.uses, coalesce(u.uses, 0),
               CASE WHEN c.at IS NULL OR u.last > c.at THEN p.max_uses END, b.most, p.max_per_customer
        FROM pricing.promotion AS p LEFT JOIN by_promotion AS u ON u.promotion_id = p.id
        LEFT JOIN by_buyer AS b ON b.promotion_id = p.id LEFT JOIN changed AS c ON c.promotion_id = p.id::text),
    said AS (
        SELECT what, NULLIF(concat_ws(', ',
            CASE WHEN counted <> uses THEN format('counted are %s uses, but orders hold %s', counted, uses) END,
            CASE WHEN uses > most THEN format('%s uses, %s are allowed', uses, most) END,
            CASE WHEN of_one > most_of_one THEN
                format('one customer used it %s times, %s are allowed', of_one, most_of_one) END), '') AS why
        FROM judged)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('%s: %s', what, why) ORDER BY what) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM said
"""
COUPON_USES: Final = """
    WITH heard AS (
        SELECT name, coalesce(p.stamp, 0) AS stamp, coalesce(p.position, 0) AS position
        FROM (VALUES ('pricing.on_order_called_off'), ('pricing.on_buyer_known'), ('orders.on_guest_merged'))
            AS u (name)
        LEFT JOIN runtime.position AS p ON p.subscriber = u.name),
    off AS (
        SELECT e.key, bool_and((e.stamp, e.position) <= (h.stamp, h.position)) AS heard
        FROM runtime.outbox AS e JOIN heard AS h ON h.name = 'pricing.on_order_called_off'
        WHERE e.type IN ('ecommerce.order.order.canceled.v1', 'ecommerce.order.order.failed.v1') GROUP BY 1),
    claimed AS (
        SELECT e.key, bool_and((e.stamp, e.position) <= (h.stamp, h.position)) AS heard
        FROM runtime.outbox AS e JOIN heard AS h ON h.name = 'pricing.on_buyer_known'
        WHERE e.type = 'ecommerce.order.order.claimed.v1' GROUP BY 1),
    merged AS (
        SELECT e.payload->>'guestId' AS guest, e.key AS buyer,
               bool_and((e.stamp, e.position) <= (h.stamp, h.position)) AS heard
        FROM runtime.outbox AS e JOIN heard AS h ON h.name IN ('pricing.on_buyer_known', 'orders.on_guest_merged')
        WHERE e.type = 'ecommerce.identity.user.guest_merged.v1' GROUP BY 1, 2),
    erased AS (SELECT key FROM runtime.outbox WHERE type = 'ecommerce.customer.person.erased.v1'),
    use AS (
        SELECT r.*, o.user_id, o.status, o.status IN ('CANCELED', 'FAILED') AS is_off, c.promotion_id AS of_code,
               coalesce(f.heard, true) AS off_heard,
               r.customer_id = o.user_id OR m.guest IS NOT NULL OR r.customer_id = 'erased' AND (
                   o.user_id IN (SELECT key FROM erased) OR o.user_id IN (SELECT guest FROM merged)) AS is_theirs,
               coalesce(NOT k.heard, false) OR r.customer_id IN (SELECT guest FROM merged WHERE NOT heard) AS is_moving
        FROM pricing.redemption AS r
        LEFT JOIN pricing.coupon AS c ON c.code = r.code
        LEFT JOIN orders.orders AS o ON o.id = r.order_id
        LEFT JOIN off AS f ON f.key = r.order_id::text LEFT JOIN claimed AS k ON k.key = r.order_id::text
        LEFT JOIN merged AS m ON m.guest = o.user_id AND m.buyer = r.customer_id),
    judged AS (
        SELECT order_id, code,
               is_off AND returned_at IS NULL AND NOT off_heard OR NOT is_theirs AND is_moving AS going, CASE
            WHEN user_id IS NULL THEN 'there is no such order'
            WHEN of_code IS DISTINCT FROM promotion_id THEN format('the code is not of promotion %s', promotion_id)
            WHEN is_off AND returned_at IS NULL AND off_heard THEN
                format('the order is %s, but its use was not given back', status)
            WHEN NOT is_off AND returned_at IS NOT NULL THEN
                format('the order is %s, but its use was given back', status)
            WHEN NOT is_theirs AND NOT is_moving THEN
                format('the use is of customer %s, the order of %s', customer_id, user_id) END AS why
        FROM use)
    SELECT count(*) AS checked, count(*) FILTER (WHERE going) AS in_flight, count(why) AS violated,
           (array_agg(format('order %s, code %s: %s', order_id, code, why) ORDER BY order_id, code)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
