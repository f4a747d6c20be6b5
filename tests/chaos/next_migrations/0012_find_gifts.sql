DROP INDEX CONCURRENTLY IF EXISTS orders.orders_with_gift_note;
CREATE INDEX CONCURRENTLY orders_with_gift_note ON orders.orders (id) WHERE gift_note IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS orders.order_status_history_by_time;
CREATE INDEX CONCURRENTLY order_status_history_by_time ON orders.order_status_history (at);
