"""The snapshot of stock that others read: it says what inventory's own rows say, as soon as everything was heard."""

from typing import Final

NAME: Final = "inventory snapshot"
"""Where databases are several, it is compared only if each has heard the other."""
TYPES: Final = [
    "ecommerce.inventory.stock.adjusted.v1",
    "ecommerce.inventory.bundle.changed.v1",
    "ecommerce.inventory.reservation.reserved.v1",
    "ecommerce.inventory.reservation.confirmed.v1",
    "ecommerce.inventory.reservation.released.v1",
    "ecommerce.inventory.reservation.expired.v1",
    "ecommerce.inventory.backorder.allotted.v1",
]
"""What tells of it."""
SNAPSHOT: Final = """
    WITH stock AS (
        SELECT sku, max(version) AS version, sum(on_hand) AS on_hand, sum(reserved) AS reserved
        FROM inventory.inventory_stock WHERE sku NOT IN (SELECT sku FROM inventory.bundle) GROUP BY sku
        UNION ALL
        SELECT sku, CASE WHEN version > 1099511627776 THEN version ELSE 0 END, told, 0 FROM inventory.bundle),
    waiting AS (
        SELECT DISTINCT said.sku
        FROM runtime.outbox AS o LEFT JOIN runtime.position AS p ON p.subscriber = 'catalog.availability'
        CROSS JOIN LATERAL (
            SELECT o.payload->>'sku' UNION SELECT level->>'sku' FROM jsonb_array_elements(o.payload->'levels') AS level
        ) AS said (sku)
        WHERE o.type = ANY($2::text[]) AND (o.stamp, o.position) > (coalesce(p.stamp, 0), coalesce(p.position, 0))),
    judged AS (
        SELECT sku, coalesce(a.version, 0) < s.version AND w.sku IS NOT NULL AS behind, CASE
            WHEN coalesce(a.version, 0) > coalesce(s.version, 0) THEN
                format('is at version %s, though only %s were told', a.version, coalesce(s.version, 0))
            WHEN coalesce(a.version, 0) < s.version THEN
                CASE WHEN w.sku IS NULL THEN format('is at version %s of %s', coalesce(a.version, 0), s.version) END
            WHEN s.version > 0 AND a.available <> s.on_hand - s.reserved OR
                 s.version > 0 AND a.on_hand IS NOT NULL AND (a.on_hand, a.reserved) <> (s.on_hand, s.reserved) THEN
                format('says on_hand %s, reserved %s, available %s, but inventory has %s and %s',
                       a.on_hand, a.reserved, a.available, s.on_hand, s.reserved) END AS why
        FROM stock AS s FULL JOIN catalog.availability AS a USING (sku) LEFT JOIN waiting AS w USING (sku))
    SELECT count(*) AS checked, count(*) FILTER (WHERE behind) AS in_flight, count(why) AS violated,
           (array_agg(format('snapshot of SKU %s: %s', sku, why) ORDER BY sku) FILTER (WHERE why IS NOT NULL))[1:$1]
               AS violations
    FROM judged
"""
