-- How somebody pays: the provider's token and what a buyer needs to tell their cards apart. Never a card's number.
CREATE TABLE payments.payment_method (
    id          uuid PRIMARY KEY,
    user_id     text        NOT NULL,
    provider    text        NOT NULL,
    token       text        NOT NULL,
    brand       text        NOT NULL,
    last4       text        NOT NULL CHECK (last4 ~ '^[0-9]{4}$'),
    exp_month   int         NOT NULL CHECK (exp_month BETWEEN 1 AND 12),
    exp_year    int         NOT NULL CHECK (exp_year BETWEEN 2000 AND 2100),
    is_default  boolean     NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, provider, token)
);
CREATE UNIQUE INDEX one_default_payment_method ON payments.payment_method (user_id) WHERE is_default;
