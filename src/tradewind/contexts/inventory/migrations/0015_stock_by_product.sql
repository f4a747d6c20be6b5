-- Whoever asks how many of a product there are, names the product.
DROP INDEX CONCURRENTLY IF EXISTS inventory.inventory_stock_by_product;
CREATE INDEX CONCURRENTLY inventory_stock_by_product ON inventory.inventory_stock (product_id);
