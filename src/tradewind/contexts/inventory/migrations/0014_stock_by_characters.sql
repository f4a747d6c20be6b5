-- Whoever leafs through all stock does so in the order of the SKUs' characters, whatever language the database sorts by.
DROP INDEX CONCURRENTLY IF EXISTS inventory.inventory_stock_by_characters;
CREATE INDEX CONCURRENTLY inventory_stock_by_characters
    ON inventory.inventory_stock (sku COLLATE "C", product_id);
