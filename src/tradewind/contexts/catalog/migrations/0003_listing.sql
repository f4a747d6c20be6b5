-- All that search shows and filters by, one row a product, folded from events by one projection. The search index is
-- made from these rows, and made anew from them whenever it is lost. sold_out: the flash sale's pieces, not the stock.
CREATE TABLE catalog.listing (
    product_id    uuid PRIMARY KEY,
    sku           text        NOT NULL,
    name          text        NOT NULL,
    description   text        NOT NULL,
    brand         text        NOT NULL,
    category      text        NOT NULL,
    category_id   uuid,
    category_path text[]      NOT NULL,
    status        text        NOT NULL,
    is_parent     boolean     NOT NULL,
    attributes    jsonb       NOT NULL,
    image         text,
    created_at    timestamptz NOT NULL,
    price_minor   bigint,
    currency      text,
    sale_id       uuid,
    sale_minor    bigint,
    sold_out      boolean     NOT NULL,
    available     int         NOT NULL,
    rating        numeric(3, 2),
    rating_count  int         NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX listing_of_sku ON catalog.listing (sku);
CREATE INDEX listing_of_category ON catalog.listing (category_id);
