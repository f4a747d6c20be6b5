"""Credits: what one order's charge paid for another is the same on both sides, and nobody keeps it of an order gone."""

from typing import Final

CREDITS: Final = """
    WITH paid AS (SELECT order_id AS id, sum(amount_minor) AS minor, sum(left_minor) AS unspent FROM payments.credit
                  GROUP BY 1),
    lent AS (SELECT charge_id AS id, sum(left_minor) AS minor FROM payments.credit GROUP BY 1),
    given AS (SELECT credited_to AS id, sum(amount_minor) AS minor FROM payments.refund
              WHERE credited_to IS NOT NULL GROUP BY 1),
    pending AS (SELECT order_id AS id, sum(amount_minor) AS minor FROM payments.refund
                WHERE charge_id IS NOT NULL AND status = 'PENDING' GROUP BY 1),
    concerned AS (SELECT id FROM paid UNION SELECT id FROM lent UNION SELECT id FROM given
                  UNION SELECT order_id FROM payments.payments WHERE prepaid_minor > 0 OR elsewhere_minor > 0),
    judged AS (
        SELECT c.id, coalesce(s.phase IN ('STARTED', 'COMPENSATING'), false) OR n.minor > 0 AS moving, CASE
            WHEN paid.id IS NOT NULL AND o.id IS NULL THEN
                format('%s in minor units are paid for it, but there is no such order', paid.minor)
            WHEN coalesce(given.minor, 0) <> coalesce(paid.minor, 0) THEN
                format('%s in minor units came back to pay for it, but %s are paid', coalesce(given.minor, 0),
                       coalesce(paid.minor, 0))
            WHEN p.prepaid_minor <> coalesce(paid.minor, 0) THEN
                format('its payment says that %s %s of it are paid by others, but they are %s', p.prepaid_minor,
                       p.currency, coalesce(paid.minor, 0))
            WHEN o.status IN ('CANCELED', 'FAILED')
                AND coalesce(s.changed_at, now()) < now() - make_interval(secs => $2)
                AND paid.unspent > coalesce(n.minor, 0) THEN
                format('it is %s, but %s in minor units of what others paid for it are not given back', o.status,
                       paid.unspent - coalesce(n.minor, 0))
            WHEN p.status IN ('CAPTURED', 'REFUNDED') AND o.status IS DISTINCT FROM 'CANCELED'
                AND o.status IS DISTINCT FROM 'FAILED' AND NOT coalesce(s.undoing, false)
                AND p.elsewhere_minor <> coalesce(lent.minor, 0) + p.prepaid_minor - coalesce(paid.unspent, 0) THEN
                format('%s %s of it went elsewhere than to its card, but %s pay for others, and others have %s back',
                       p.elsewhere_minor, p.currency, coalesce(lent.minor, 0),
                       p.prepaid_minor - coalesce(paid.unspent, 0))
            END AS why
        FROM concerned AS c
        LEFT JOIN payments.payments AS p ON p.order_id = c.id
        LEFT JOIN orders.orders AS o ON o.id = coalesce(p.part_of, c.id)
        LEFT JOIN runtime.saga AS s ON s.id = o.id
        LEFT JOIN paid ON paid.id = c.id LEFT JOIN lent ON lent.id = c.id LEFT JOIN given ON given.id = c.id
        LEFT JOIN pending AS n ON n.id = c.id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE moving) AS in_flight, count(why) AS violated,
           (array_agg(format('order %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
