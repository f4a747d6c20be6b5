-- Changes of orders that were asked for. What an order would be of is in `lines`; address and method are there only while
-- the edit is under way. Amounts in minor units of the order's currency; `difference_minor` is what is charged or, where
-- it is less than none, given back: none of it while nothing was paid.
CREATE TABLE orders.edit (
    id                uuid PRIMARY KEY,
    order_id          uuid        NOT NULL,
    status            text        NOT NULL CHECK (status IN ('PENDING', 'COMMITTED', 'DONE', 'REFUSED')),
    order_version     int         NOT NULL,
    lines             jsonb       NOT NULL,
    shipping_minor    bigint      NOT NULL CHECK (shipping_minor >= 0),
    tax_minor         bigint      NOT NULL CHECK (tax_minor >= 0),
    discount_minor    bigint      NOT NULL CHECK (discount_minor >= 0),
    total_minor       bigint      NOT NULL CHECK (total_minor >= 0),
    difference_minor  bigint      NOT NULL,
    currency          text        NOT NULL,
    payment_method    text,
    shipping_address  jsonb,
    refund_id         uuid,
    refund_asked      text,
    why               text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    changed_at        timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX one_edit_at_a_time ON orders.edit (order_id) WHERE status IN ('PENDING', 'COMMITTED');
CREATE INDEX edits_of_order ON orders.edit (order_id, created_at);
CREATE INDEX edits_by_refund ON orders.edit (refund_id) WHERE refund_id IS NOT NULL;
