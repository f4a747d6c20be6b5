-- What a buyer said on calling an order off. Their own words are theirs: they go nowhere else, and go with them.
CREATE TABLE orders.cancel_words (
    order_id  uuid PRIMARY KEY,
    words     text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT now()
);
