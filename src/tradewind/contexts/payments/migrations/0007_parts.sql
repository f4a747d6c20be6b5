-- What an edit adds to an order that is paid is a payment of its own: `order_id` is the edit's id then, `part_of` the
-- order's. A refund that no single payment can carry is several; those after the first name it.
ALTER TABLE payments.payments ADD COLUMN part_of uuid;
CREATE INDEX payments_in_parts ON payments.payments (part_of) WHERE part_of IS NOT NULL;
ALTER TABLE payments.refund ADD COLUMN part_of uuid REFERENCES payments.refund (id);
CREATE INDEX refund_in_parts ON payments.refund (part_of) WHERE part_of IS NOT NULL;
