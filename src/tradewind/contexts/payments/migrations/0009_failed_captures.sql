-- A capture that was accepted may fail after all. What a provider told of that is a doubt, which a saga of its own settles
-- by asking what became of the capture with this key.
ALTER TABLE payments.payments
    DROP CONSTRAINT payments_status_check,
    ADD CONSTRAINT payments_status_check CHECK (status IN ('INITIATED', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED',
                                                           'CAPTURE_FAILED', 'FAILED', 'VOIDED', 'REFUNDED'));
CREATE TABLE payments.doubt (
    id        uuid PRIMARY KEY,
    order_id  uuid        NOT NULL REFERENCES payments.payments (order_id),
    key       text        NOT NULL UNIQUE,
    told_at   timestamptz NOT NULL DEFAULT now()
);
