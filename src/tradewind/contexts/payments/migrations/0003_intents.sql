-- A payment may wait for its buyer, and may be held until somebody says how much is to be captured.
ALTER TABLE payments.payments
    DROP CONSTRAINT payments_status_check,
    ADD CONSTRAINT payments_status_check CHECK (status IN ('INITIATED', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED',
                                                           'FAILED', 'VOIDED', 'REFUNDED')),
    ADD COLUMN by_hand          boolean NOT NULL DEFAULT false,
    ADD COLUMN to_capture_minor bigint,
    ADD CHECK (to_capture_minor IS NULL OR by_hand AND to_capture_minor BETWEEN 1 AND amount_minor);

-- Where a buyer must prove themselves, and until when. `hints` counts who said that something may have come of it,
-- `seen` how many of them the last question to the provider knew of.
CREATE TABLE payments.challenge (
    order_id  uuid PRIMARY KEY REFERENCES payments.payments (order_id),
    key       text        NOT NULL,
    url       text        NOT NULL,
    until     timestamptz NOT NULL,
    hints     int         NOT NULL DEFAULT 0,
    seen      int         NOT NULL DEFAULT 0
);

-- What providers told by themselves, each once.
CREATE TABLE payments.notice (
    provider     text        NOT NULL,
    notice_id    text        NOT NULL,
    key          text        NOT NULL,
    told_at      timestamptz NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, notice_id)
);
CREATE INDEX notice_oldest ON payments.notice (received_at);
