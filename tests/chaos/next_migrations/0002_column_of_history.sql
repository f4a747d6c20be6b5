ALTER TABLE orders.order_status_history ADD COLUMN remark text;
