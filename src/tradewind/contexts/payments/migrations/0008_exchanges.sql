-- What came back of one order may pay for another. The payment of the other was `prepaid` by so much, which no provider
-- is asked for; of what went back of the first, so much went `elsewhere` than to its own card.
ALTER TABLE payments.payments
    ADD COLUMN prepaid_minor   bigint NOT NULL DEFAULT 0,
    ADD COLUMN elsewhere_minor bigint NOT NULL DEFAULT 0,
    ADD CHECK (prepaid_minor BETWEEN 0 AND amount_minor AND (prepaid_minor = 0 OR NOT by_hand)),
    ADD CHECK (elsewhere_minor BETWEEN 0 AND refunded_minor);

-- How much of an order was paid by which charge of another one, and how much of that can still go back to its card.
CREATE TABLE payments.credit (
    order_id      uuid        NOT NULL,
    charge_id     uuid        NOT NULL REFERENCES payments.payments (order_id),
    amount_minor  bigint      NOT NULL CHECK (amount_minor > 0),
    left_minor    bigint      NOT NULL CHECK (left_minor BETWEEN 0 AND amount_minor),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, charge_id)
);
CREATE INDEX credit_of_charge ON payments.credit (charge_id);

-- `credited_to`: it went to no card, but pays for that order. `charge_id`: it goes to the card of that charge, which had
-- paid for the order; such an order may have been called off before a payment of its own was opened.
ALTER TABLE payments.refund
    ADD COLUMN credited_to uuid,
    ADD COLUMN charge_id   uuid REFERENCES payments.payments (order_id),
    ADD CHECK (credited_to IS NULL OR status = 'DONE' AND charge_id IS NULL),
    DROP CONSTRAINT refund_order_id_fkey;
CREATE INDEX refund_to_charge ON payments.refund (charge_id) WHERE charge_id IS NOT NULL;
