-- One payment an order; amounts in minor units of its currency. The key names the authorization at the provider.
CREATE TABLE payments.payments (
    order_id           uuid PRIMARY KEY,
    id                 uuid        NOT NULL UNIQUE,
    status             text        NOT NULL CHECK (status IN ('INITIATED', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'VOIDED', 'REFUNDED')),
    method             text        NOT NULL,
    currency           text        NOT NULL,
    amount_minor       bigint      NOT NULL CHECK (amount_minor >= 0),
    captured_minor     bigint      NOT NULL DEFAULT 0,
    refunded_minor     bigint      NOT NULL DEFAULT 0,
    authorization_key  text        NOT NULL,
    provider_id        text,
    why                text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    changed_at         timestamptz NOT NULL DEFAULT now(),
    CHECK (captured_minor BETWEEN 0 AND amount_minor),
    CHECK (refunded_minor BETWEEN 0 AND captured_minor)
) WITH (fillfactor = 70);

-- A refund is claimed before it is asked for: claims and refunds together never exceed what was captured.
CREATE TABLE payments.refund (
    id            uuid PRIMARY KEY,
    order_id      uuid        NOT NULL REFERENCES payments.payments (order_id),
    amount_minor  bigint      NOT NULL CHECK (amount_minor > 0),
    reason        text        NOT NULL,
    status        text        NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'DONE', 'REFUSED')),
    why           text,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refund_by_order ON payments.refund (order_id);
