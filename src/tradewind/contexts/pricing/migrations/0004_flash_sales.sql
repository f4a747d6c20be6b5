-- Flash sales: so many pieces of one SKU at a lower price, so many for one buyer, between two moments of this database's
-- clock. `sold` counts what orders hold of it; the row's lock decides who comes first. States are moved by one timer.
CREATE TABLE pricing.flash_sale (
    id          uuid PRIMARY KEY,
    sku         text        NOT NULL,
    product_id  uuid        NOT NULL,
    price_minor bigint      NOT NULL CHECK (price_minor > 0),
    currency    text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    quantity    integer     NOT NULL CHECK (quantity > 0),
    per_buyer   integer     NOT NULL CHECK (per_buyer BETWEEN 1 AND quantity),
    sold        integer     NOT NULL DEFAULT 0 CHECK (sold BETWEEN 0 AND quantity),
    state       text        NOT NULL CHECK (state IN ('PLANNED', 'RUNNING', 'SOLD_OUT', 'ENDED')),
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL CHECK (ends_at > starts_at),
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text        NOT NULL,
    ended_at    timestamptz CHECK ((ended_at IS NULL) = (state <> 'ENDED'))
) WITH (fillfactor = 50);
-- What asks for prices reads nothing but this one, which is empty most of the time.
CREATE UNIQUE INDEX one_running_sale_of_a_sku ON pricing.flash_sale (sku) WHERE state IN ('RUNNING', 'SOLD_OUT');
CREATE INDEX sales_to_come ON pricing.flash_sale (starts_at) WHERE state = 'PLANNED';
CREATE INDEX sales_of_a_sku ON pricing.flash_sale (sku) WHERE state <> 'ENDED';

-- Which order holds how many pieces of which sale. What was given back (the order is off) stays, and counts no more.
CREATE TABLE pricing.flash_sale_redemption (
    order_id    uuid        NOT NULL,
    sale_id     uuid        NOT NULL,
    customer_id text        NOT NULL,
    pieces      integer     NOT NULL CHECK (pieces > 0),
    redeemed_at timestamptz NOT NULL DEFAULT now(),
    returned_at timestamptz,
    PRIMARY KEY (order_id, sale_id)
);
CREATE INDEX pieces_of_a_buyer ON pricing.flash_sale_redemption (customer_id, sale_id) INCLUDE (pieces)
    WHERE returned_at IS NULL;

-- Written by the projection flash_sale_price_map alone; may be dropped and replayed.
CREATE TABLE pricing.flash_sale_price_map (
    product_id  uuid PRIMARY KEY,
    sale_id     uuid        NOT NULL,
    sku         text        NOT NULL,
    price_minor bigint      NOT NULL,
    currency    text        NOT NULL,
    ends_at     timestamptz NOT NULL
);
