-- What was ordered of suppliers, and what of it has come so far. A delivery is booked once, by its note's number.
CREATE TABLE inventory.purchase (
    id         uuid PRIMARY KEY,
    supplier   text        NOT NULL,
    warehouse  text        NOT NULL REFERENCES inventory.warehouse (code),
    status     text        NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CLOSED')),
    made_at    timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE inventory.purchase_line (
    purchase_id  uuid NOT NULL REFERENCES inventory.purchase (id),
    sku          text NOT NULL,
    quantity     int  NOT NULL CHECK (quantity > 0),
    received     int  NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND quantity),
    PRIMARY KEY (purchase_id, sku)
);
CREATE TABLE inventory.purchase_receipt (
    purchase_id  uuid        NOT NULL REFERENCES inventory.purchase (id),
    note         text        NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (purchase_id, note)
);
