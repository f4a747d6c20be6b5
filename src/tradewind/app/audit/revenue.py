"""Revenue as analytics counts it: of each order what the books say was captured and given back.

The columns are read before the snapshot of the database, so they may lack what was told since: orders whose money moved
just now, and everything while analytics is behind, are in flight.
"""

from typing import Final

NAME: Final = "revenue in columns"
ADVICE: Final = "tradewind analytics rebuild counts everything anew from the log"
REVENUE: Final = """
    WITH counted AS (
        SELECT coalesce(p.part_of, u.order_id) AS id, sum(u.captured) AS captured, sum(u.refunded) AS refunded
        FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS u (order_id, captured, refunded)
        LEFT JOIN payments.payments AS p USING (order_id) GROUP BY 1),
    books AS (
        SELECT coalesce(part_of, order_id) AS id, sum(captured_minor) AS captured, sum(refunded_minor) AS refunded
        FROM payments.payments GROUP BY 1),
    told AS (
        SELECT key, stamp, position, occurred_at FROM runtime.outbox
        WHERE type IN ('ecommerce.payment.payment.captured.v1', 'ecommerce.payment.payment.capture_failed.v1',
                       'ecommerce.payment.payment.refunded.v1', 'ecommerce.payment.payment.refund_failed.v1')),
    behind AS (
        SELECT EXISTS (SELECT FROM analytics.staged) OR EXISTS (
            SELECT FROM told AS t LEFT JOIN runtime.position AS p ON p.subscriber = 'analytics.gather'
            WHERE (t.stamp, t.position) > (coalesce(p.stamp, 0), coalesce(p.position, 0))) AS yes),
    young AS (
        SELECT DISTINCT coalesce(p.part_of, p.order_id) AS id
        FROM told AS t JOIN payments.payments AS p ON p.order_id::text = t.key
        WHERE t.occurred_at > now() - make_interval(secs => $5)),
    judged AS (
        SELECT id, (SELECT yes FROM behind) OR id IN (SELECT id FROM young) AS moving,
               CASE WHEN coalesce(c.captured, 0) <> coalesce(b.captured, 0)
                      OR coalesce(c.refunded, 0) <> coalesce(b.refunded, 0) THEN
                   format('captured %s and refunded %s in minor units, the books say %s and %s',
                          coalesce(c.captured, 0), coalesce(c.refunded, 0), coalesce(b.captured, 0),
                          coalesce(b.refunded, 0)) END AS why
        FROM books AS b FULL JOIN counted AS c USING (id))
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving AND why IS NOT NULL) AS in_flight,
           count(*) FILTER (WHERE NOT moving AND why IS NOT NULL) AS violated,
           (array_agg(format('order %s: %s', id, why) ORDER BY id)
            FILTER (WHERE NOT moving AND why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
