-- Whether an order's money is only held until its goods leave; and what arrived before the money was taken.
ALTER TABLE orders.orders ADD COLUMN capture_by_hand boolean NOT NULL DEFAULT false;
ALTER TYPE orders.new_order ADD ATTRIBUTE capture_by_hand boolean;
CREATE TABLE orders.early_delivery (
    order_id  uuid PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now()
);
