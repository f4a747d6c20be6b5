-- Stock lies in warehouses. What was there before lies in the main one, which every shop has and which each SKU has a
-- row in: who opens a place for a SKU holds that row first.
CREATE TABLE inventory.warehouse (
    code         text PRIMARY KEY CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{0,31}$'),
    name         text    NOT NULL,
    country      text CHECK (country ~ '^[A-Z]{2}$'),
    postal_code  text    NOT NULL DEFAULT '',
    address      text    NOT NULL DEFAULT '',
    priority     int     NOT NULL DEFAULT 100 CHECK (priority BETWEEN 0 AND 1000),
    active       boolean NOT NULL DEFAULT true,
    CONSTRAINT the_main_warehouse_stays CHECK (active OR code <> 'MAIN')
);
INSERT INTO inventory.warehouse (code, name) VALUES ('MAIN', 'Main warehouse');

ALTER TABLE inventory.inventory_adjustment DROP CONSTRAINT inventory_adjustment_sku_fkey;
ALTER TABLE inventory.inventory_stock
    ADD COLUMN warehouse text NOT NULL DEFAULT 'MAIN' REFERENCES inventory.warehouse (code),
    DROP CONSTRAINT inventory_stock_pkey,
    ADD PRIMARY KEY (sku, warehouse);
ALTER TABLE inventory.inventory_adjustment
    ADD COLUMN warehouse text NOT NULL DEFAULT 'MAIN',
    ADD CONSTRAINT inventory_adjustment_sku_fkey
        FOREIGN KEY (sku, warehouse) REFERENCES inventory.inventory_stock (sku, warehouse);

-- One SKU of an order may be held in several places, so its lines are numbered; the first of them is the order's gate.
ALTER TABLE inventory.reservation
    ADD COLUMN line smallint NOT NULL DEFAULT 0 CHECK (line >= 0),
    ADD COLUMN warehouse text NOT NULL DEFAULT 'MAIN';
UPDATE inventory.reservation AS r SET line = n.line
FROM (SELECT order_id, sku, row_number() OVER (PARTITION BY order_id ORDER BY sku) - 1 AS line
      FROM inventory.reservation) AS n
WHERE r.order_id = n.order_id AND r.sku = n.sku AND n.line > 0;
ALTER TABLE inventory.reservation DROP CONSTRAINT reservation_pkey, ADD PRIMARY KEY (order_id, line);
DROP INDEX inventory.reservation_expiry;
CREATE INDEX reservation_expiry ON inventory.reservation (expires_at) WHERE state = 'HELD' AND line = 0;

ALTER TYPE inventory.movement ADD ATTRIBUTE warehouse text;
ALTER TYPE inventory.new_reservation ADD ATTRIBUTE line smallint, ADD ATTRIBUTE warehouse text;
