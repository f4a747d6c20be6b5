-- Every price there was, and the one that counts (a slowly changing dimension of type 2): valid_to null is the present.
-- Each row names the end of the one before it, and that end must exist: so history has neither gaps nor overlaps,
-- whoever writes it.
CREATE TABLE pricing.product_price_history (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku           text        NOT NULL,
    product_id    uuid        NOT NULL,
    amount_minor  bigint      NOT NULL CHECK (amount_minor > 0),
    currency      text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz CHECK (valid_to > valid_from),
    follows       timestamptz CHECK (follows = valid_from),
    reason        text        NOT NULL,
    changed_by    text        NOT NULL,
    written_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_price_ends_at_a_time UNIQUE (sku, valid_to),
    CONSTRAINT one_first_price UNIQUE NULLS NOT DISTINCT (sku, follows),
    CONSTRAINT follows_the_one_before FOREIGN KEY (sku, follows)
        REFERENCES pricing.product_price_history (sku, valid_to)
);
-- The hot path reads nothing but these two.
CREATE UNIQUE INDEX price_that_counts_by_sku ON pricing.product_price_history (sku)
    INCLUDE (product_id, amount_minor, currency) WHERE valid_to IS NULL;
CREATE UNIQUE INDEX price_that_counts_by_product ON pricing.product_price_history (product_id)
    INCLUDE (sku, amount_minor, currency) WHERE valid_to IS NULL;
CREATE INDEX prices_of_product ON pricing.product_price_history (product_id, id);
