-- What the shop sells. price_minor and currency show what pricing told; the price that counts is pricing's.
CREATE TABLE catalog.products (
    id          uuid PRIMARY KEY,
    sku         text        NOT NULL CONSTRAINT products_sku_key UNIQUE CHECK (length(sku) BETWEEN 1 AND 64),
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    category    text        NOT NULL CHECK (length(category) BETWEEN 1 AND 100),
    status      text        NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'RETIRED')),
    price_minor bigint      NOT NULL CHECK (price_minor > 0),
    currency    text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    version     int         NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX products_by_category ON catalog.products (category, id);
