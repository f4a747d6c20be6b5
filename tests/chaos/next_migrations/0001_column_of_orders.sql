ALTER TABLE orders.orders ADD COLUMN gift_note text;
