-- Whoever calls a shipment off looks for what its warehouse was asked for, whatever became of that.
DROP INDEX CONCURRENTLY IF EXISTS shipping.warehouse_order_of_shipment;
CREATE INDEX CONCURRENTLY warehouse_order_of_shipment ON shipping.warehouse_order (shipment_id);
