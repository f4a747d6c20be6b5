ALTER TABLE inventory.inventory_stock ADD COLUMN shelf text NOT NULL DEFAULT 'unknown';
