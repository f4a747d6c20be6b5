-- What carriage costs, by weight, size, zone and carrier. Chargeable weight is what a piece weighs, or what its size
-- counts for where that is more; of goods that nobody has measured a default counts (_domain/rates.py).
CREATE TABLE shipping.product_size (
    sku         text PRIMARY KEY,
    weight_g    int         NOT NULL CHECK (weight_g > 0),
    length_mm   int         NOT NULL CHECK (length_mm > 0),
    width_mm    int         NOT NULL CHECK (width_mm > 0),
    height_mm   int         NOT NULL CHECK (height_mm > 0),
    changed_at  timestamptz NOT NULL DEFAULT now()
);

-- Calculated: flat, so much for each further piece, so much for each begun kilogram. Or by a table: `steps` holds pairs
-- of grams and minor units, in rising order; what is heavier than the last is not carried. Nothing from `free_from` on.
ALTER TABLE shipping.rate
    ADD COLUMN carrier         text   NOT NULL DEFAULT 'house' CHECK (carrier ~ '^[a-z][a-z0-9_-]{0,39}$'),
    ADD COLUMN per_kg_minor    bigint NOT NULL DEFAULT 0 CHECK (per_kg_minor >= 0),
    ADD COLUMN free_from_minor bigint CHECK (free_from_minor > 0),
    ADD COLUMN steps           jsonb CHECK (jsonb_typeof(steps) = 'array' AND steps <> '[]'),
    DROP CONSTRAINT rate_pkey,
    ADD PRIMARY KEY (zone, currency, method, carrier);
