-- Who waits for what is not there: first come, first served, for each SKU. One that is served is a claim of the same id.
CREATE TABLE inventory.backorder (
    id        uuid PRIMARY KEY,
    place     bigint GENERATED ALWAYS AS IDENTITY,
    sku       text        NOT NULL,
    quantity  int         NOT NULL CHECK (quantity > 0),
    owner     text        NOT NULL,
    status    text        NOT NULL DEFAULT 'WAITING' CHECK (status IN ('WAITING', 'RESERVED', 'CANCELED')),
    made_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX backorder_queue ON inventory.backorder (sku, place) WHERE status = 'WAITING';

-- How soon a supplier delivers, and for how long what is ordered shall last.
CREATE TABLE inventory.replenishment (
    sku         text PRIMARY KEY,
    lead_days   int NOT NULL CHECK (lead_days BETWEEN 0 AND 365),
    cover_days  int NOT NULL CHECK (cover_days BETWEEN 1 AND 365)
);
