-- Since when nothing more of a SKU can be promised, as inventory tells it; whether that is still so, availability says.
-- Written by the projection sold_out alone; may be dropped and replayed.
CREATE TABLE catalog.sold_out (
    sku    text PRIMARY KEY,
    since  timestamptz NOT NULL
);
CREATE INDEX sold_out_since ON catalog.sold_out (since, sku);
