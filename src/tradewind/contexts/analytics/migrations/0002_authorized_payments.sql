-- Each payment whose money was held once, whatever became of it since. Written by its projection alone.
CREATE TABLE analytics.authorized_payment (
    payment_id     uuid        PRIMARY KEY,
    order_id       uuid        NOT NULL,
    amount_minor   bigint      NOT NULL,
    currency       text        NOT NULL,
    authorized_at  timestamptz NOT NULL
);
