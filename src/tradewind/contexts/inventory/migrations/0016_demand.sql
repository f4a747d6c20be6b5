-- What was ordered of each SKU on each of the last days, whatever became of the orders: more than was sold where
-- orders came to nothing. Days are those of UTC.
CREATE TABLE inventory.demand (
    day     date   NOT NULL,
    sku     text   NOT NULL,
    pieces  bigint NOT NULL CHECK (pieces > 0),
    PRIMARY KEY (day, sku)
);
