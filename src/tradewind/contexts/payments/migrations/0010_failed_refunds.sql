-- A refund that was accepted may fail after all: it is REFUSED then, and `failed_at` says since when. What a provider told
-- of that is a doubt about a refund: the one with `refund_id`, or the one that undid an order.
ALTER TABLE payments.refund
    ADD COLUMN failed_at timestamptz,
    ADD CHECK (failed_at IS NULL OR status = 'REFUSED');
ALTER TABLE payments.doubt ADD COLUMN refund_id uuid REFERENCES payments.refund (id);
