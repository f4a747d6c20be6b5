-- What each product costs by now, as pricing tells it: read beside orders that wait, which keep their prices.
-- Written by the projection product_prices alone; may be dropped and replayed.
CREATE TABLE orders.product_price (
    product_id    uuid PRIMARY KEY,
    amount_minor  bigint      NOT NULL,
    currency      text        NOT NULL,
    changed_at    timestamptz NOT NULL,
    place         bigint      NOT NULL
);
