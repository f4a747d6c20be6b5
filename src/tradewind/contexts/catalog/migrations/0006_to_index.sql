-- Products that are shown otherwise than the search index was told; a token tells one change of a product from the next.
CREATE TABLE catalog.to_index (
    product_id uuid PRIMARY KEY,
    token      bigint NOT NULL DEFAULT nextval('catalog.put_number')
);
CREATE INDEX to_index_by_token ON catalog.to_index (token);
