-- A SKU may be waited for: by so many pieces more than there are, from its release on, each order for so many days. The
-- row of the main warehouse speaks for the SKU. `waiting` is what its queue wants; who comes after does not take that.
ALTER TABLE inventory.inventory_stock
    ADD COLUMN waiting        int NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    ADD COLUMN wait_limit     int NOT NULL DEFAULT 0 CHECK (wait_limit >= 0),
    ADD COLUMN patience_days  int NOT NULL DEFAULT 30 CHECK (patience_days BETWEEN 1 AND 365),
    ADD COLUMN releases_at    timestamptz,
    ADD CONSTRAINT the_main_row_speaks_for_the_sku
        CHECK (warehouse = 'MAIN' OR (waiting = 0 AND wait_limit = 0 AND releases_at IS NULL));
UPDATE inventory.inventory_stock AS s SET waiting = w.pieces
FROM (SELECT sku, sum(quantity) AS pieces FROM inventory.backorder WHERE status = 'WAITING' GROUP BY sku) AS w
WHERE s.sku = w.sku AND s.warehouse = 'MAIN';

-- Lines of orders stand in the same queues. One that has its goods keeps them until all lines of its order have theirs
-- (then the order has TAKEN them) or `until` has passed.
ALTER TABLE inventory.backorder
    ADD COLUMN order_id  uuid,
    ADD COLUMN until     timestamptz,
    DROP CONSTRAINT backorder_status_check,
    ADD CONSTRAINT backorder_status_check CHECK (status IN ('WAITING', 'RESERVED', 'TAKEN', 'CANCELED')),
    ADD CONSTRAINT an_order_waits_until CHECK ((order_id IS NULL) = (until IS NULL));
CREATE UNIQUE INDEX one_place_for_a_line ON inventory.backorder (order_id, sku) WHERE order_id IS NOT NULL;
