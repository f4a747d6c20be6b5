-- By which orders are found: the newest of all, of a status, with a thing in them; and what has changed since a stamp.
DROP INDEX CONCURRENTLY IF EXISTS orders.orders_newest;
CREATE INDEX CONCURRENTLY orders_newest ON orders.orders_by_customer (placed_at DESC, order_id DESC);
DROP INDEX CONCURRENTLY IF EXISTS orders.orders_by_status;
CREATE INDEX CONCURRENTLY orders_by_status ON orders.orders_by_customer (status, placed_at DESC, order_id DESC);
DROP INDEX CONCURRENTLY IF EXISTS orders.orders_changed;
CREATE INDEX CONCURRENTLY orders_changed ON orders.orders_by_customer (stamp);
DROP INDEX CONCURRENTLY IF EXISTS orders.order_items_by_sku;
CREATE INDEX CONCURRENTLY order_items_by_sku ON orders.order_items (sku);
