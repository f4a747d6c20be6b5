-- A cart is its history. carts and cart_items are the snapshot, written in the transaction of each event: whoever folds
-- the events gets the rows.
CREATE TABLE carts.cart_event (
    cart_id  uuid        NOT NULL,
    version  int         NOT NULL CHECK (version > 0),
    type     text        NOT NULL,
    body     jsonb       NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    by       text        NOT NULL,
    PRIMARY KEY (cart_id, version)
);
CREATE TYPE carts.new_event AS (cart_id uuid, version int, type text, body jsonb, by text);

CREATE TABLE carts.carts (
    id            uuid PRIMARY KEY,
    owner         text        NOT NULL,
    guest         boolean     NOT NULL,
    status        text        NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CHECKED_OUT', 'MERGED', 'EXPIRED')),
    version       int         NOT NULL DEFAULT 1 CHECK (version > 0),
    order_id      uuid CONSTRAINT one_cart_an_order UNIQUE,
    merged_into   uuid,
    opened_at     timestamptz NOT NULL DEFAULT now(),
    touched_at    timestamptz NOT NULL DEFAULT now(),
    abandoned_at  timestamptz,
    CHECK ((status = 'CHECKED_OUT') = (order_id IS NOT NULL)),
    CHECK ((status = 'MERGED') = (merged_into IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX carts_of_owner ON carts.carts (owner, id);
CREATE INDEX carts_left_alone ON carts.carts (touched_at) WHERE status = 'OPEN';
CREATE INDEX carts_merged_into ON carts.carts (merged_into) WHERE merged_into IS NOT NULL;
CREATE TYPE carts.changed_cart AS (
    id uuid, owner text, guest boolean, status text, version int, merged_into uuid);
CREATE TYPE carts.checked_out AS (cart_id uuid, order_id uuid, type text, body jsonb);

CREATE TABLE carts.cart_items (
    cart_id      uuid    NOT NULL,
    sku          text    NOT NULL,
    product_id   uuid    NOT NULL,
    quantity     int     NOT NULL CHECK (quantity > 0),
    price_minor  bigint  NOT NULL,
    currency     text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    saved        boolean NOT NULL,
    since        int     NOT NULL,
    PRIMARY KEY (cart_id, sku)
) WITH (fillfactor = 80);

-- What was promised, to whom it was said: of the token only a digest. Holds an address and perhaps an e-mail address,
-- so what has expired is purged, and what became an order goes with it.
CREATE TABLE carts.quote (
    digest            bytea PRIMARY KEY,
    cart_id           uuid        NOT NULL,
    cart_version      int         NOT NULL,
    quote             jsonb       NOT NULL,
    shipping_method   text        NOT NULL,
    shipping_address  jsonb,
    email             text,
    given_at          timestamptz NOT NULL DEFAULT now(),
    expires_at        timestamptz NOT NULL
);
CREATE INDEX quote_of_cart ON carts.quote (cart_id);
CREATE INDEX quote_expiry ON carts.quote (expires_at);
CREATE INDEX quote_email ON carts.quote (email) WHERE email IS NOT NULL;
