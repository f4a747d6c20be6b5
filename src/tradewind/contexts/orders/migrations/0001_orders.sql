-- Orders and their lines. Money is in minor units of the order's currency. Lines and history have no foreign key:
-- they are written with their order in one statement, and the audit proves that they agree.
CREATE TABLE orders.orders (
    id                uuid PRIMARY KEY,
    user_id           text        NOT NULL,
    status            text        NOT NULL CHECK (status IN ('PENDING_RESERVATION', 'RESERVED', 'PENDING_PAYMENT', 'CONFIRMED',
                                                             'PAID', 'FULFILLED', 'CANCELED', 'FAILED')),
    version           int         NOT NULL CHECK (version > 0),
    currency          text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    items_minor       bigint      NOT NULL CHECK (items_minor >= 0),
    shipping_minor    bigint      NOT NULL CHECK (shipping_minor >= 0),
    tax_minor         bigint      NOT NULL CHECK (tax_minor >= 0),
    discount_minor    bigint      NOT NULL CHECK (discount_minor >= 0),
    total_minor       bigint      NOT NULL CHECK (total_minor >= 0),
    payment_method    text,
    shipping_address  jsonb,
    placed_at         timestamptz NOT NULL,
    why               text,
    CHECK (total_minor = items_minor + shipping_minor + tax_minor - discount_minor)
) WITH (fillfactor = 80);

CREATE TABLE orders.order_items (
    order_id          uuid   NOT NULL,
    line              int    NOT NULL,
    kind              text   NOT NULL DEFAULT 'goods' CHECK (kind IN ('goods', 'fee')),
    sku               text   NOT NULL,
    product_id        uuid,
    quantity          int    NOT NULL CHECK (quantity > 0),
    unit_price_minor  bigint NOT NULL CHECK (unit_price_minor >= 0),
    PRIMARY KEY (order_id, line)
);

CREATE TABLE orders.order_status_history (
    order_id  uuid        NOT NULL,
    version   int         NOT NULL,
    status    text        NOT NULL,
    event     text        NOT NULL,
    why       text,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, version)
);

-- Written by the projection orders_by_customer alone; may be dropped and replayed.
CREATE TABLE orders.orders_by_customer (
    user_id      text        NOT NULL,
    placed_at    timestamptz NOT NULL,
    order_id     uuid        NOT NULL,
    status       text        NOT NULL,
    total_minor  bigint      NOT NULL,
    currency     text        NOT NULL,
    PRIMARY KEY (order_id)
);
CREATE INDEX orders_by_customer_newest ON orders.orders_by_customer (user_id, placed_at DESC, order_id DESC);
