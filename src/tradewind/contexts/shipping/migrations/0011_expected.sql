-- What is to be sent soon, by what was ordered on each of the last days: for booking the vans of carriers. Days are those
-- of UTC; ZZ is a country that nobody named.
CREATE TABLE shipping.expected (
    day      date   NOT NULL,
    country  text   NOT NULL,
    orders   bigint NOT NULL CHECK (orders > 0),
    pieces   bigint NOT NULL CHECK (pieces > 0),
    grams    bigint NOT NULL CHECK (grams >= 0),
    PRIMARY KEY (day, country)
);
