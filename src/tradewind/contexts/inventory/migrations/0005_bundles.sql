-- A bundle is sold as one thing and made of others; it has no stock but theirs.
CREATE TABLE inventory.bundle (
    sku         text PRIMARY KEY,
    product_id  uuid NOT NULL,
    told        int  NOT NULL DEFAULT 0
);
COMMENT ON COLUMN inventory.bundle.told IS 'how many could be put together when that was last told';
CREATE TABLE inventory.bundle_part (
    bundle  text NOT NULL REFERENCES inventory.bundle (sku),
    part    text NOT NULL,
    pieces  int  NOT NULL CHECK (pieces > 0),
    PRIMARY KEY (bundle, part),
    CONSTRAINT no_bundle_of_itself CHECK (bundle <> part)
);
CREATE INDEX bundle_part_by_part ON inventory.bundle_part (part);

-- What was ordered, where it is a bundle, and how many of the part one of it is made of (as it was then).
ALTER TABLE inventory.reservation ADD COLUMN bundle text, ADD COLUMN per int NOT NULL DEFAULT 1 CHECK (per > 0);
ALTER TABLE inventory.inventory_adjustment ADD COLUMN per int NOT NULL DEFAULT 1 CHECK (per > 0);
ALTER TYPE inventory.new_reservation ADD ATTRIBUTE bundle text, ADD ATTRIBUTE per int;
