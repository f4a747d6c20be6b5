-- How many there are and to whom they are promised. Updates of stock touch no index, so they stay within their page.
CREATE TABLE inventory.inventory_stock (
    sku            text PRIMARY KEY,
    product_id     uuid NOT NULL,
    on_hand        int  NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved       int  NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    low_threshold  int  NOT NULL DEFAULT 5 CHECK (low_threshold >= 0),
    CONSTRAINT never_promise_more_than_there_is CHECK (reserved <= on_hand)
) WITH (fillfactor = 50);

CREATE TABLE inventory.inventory_adjustment (
    id         uuid PRIMARY KEY,
    sku        text        NOT NULL REFERENCES inventory.inventory_stock (sku),
    delta      int         NOT NULL CHECK (delta <> 0),
    reason     text        NOT NULL,
    actor      text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    reference  text CONSTRAINT one_adjustment_per_reference UNIQUE
);
CREATE INDEX inventory_adjustment_by_sku ON inventory.inventory_adjustment (sku, at);

CREATE TABLE inventory.reservation (
    order_id    uuid        NOT NULL,
    sku         text        NOT NULL,
    quantity    int         NOT NULL CHECK (quantity > 0),
    state       text        NOT NULL DEFAULT 'HELD' CHECK (state IN ('HELD', 'CONFIRMED', 'RELEASED', 'EXPIRED')),
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (order_id, sku)
) WITH (fillfactor = 80);
CREATE INDEX reservation_expiry ON inventory.reservation (expires_at) WHERE state = 'HELD';
CREATE INDEX reservation_by_sku ON inventory.reservation (sku);
