-- Goods on their way from one warehouse to another are in neither; what did not arrive is `quantity - received`.
CREATE TABLE inventory.transfer (
    id           uuid PRIMARY KEY,
    source       text        NOT NULL REFERENCES inventory.warehouse (code),
    target       text        NOT NULL REFERENCES inventory.warehouse (code),
    status       text        NOT NULL DEFAULT 'IN_TRANSIT' CHECK (status IN ('IN_TRANSIT', 'RECEIVED')),
    sent_at      timestamptz NOT NULL DEFAULT now(),
    received_at  timestamptz,
    CONSTRAINT somewhere_else CHECK (source <> target)
);
CREATE TABLE inventory.transfer_line (
    transfer_id  uuid NOT NULL REFERENCES inventory.transfer (id),
    sku          text NOT NULL,
    quantity     int  NOT NULL CHECK (quantity > 0),
    received     int  NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND quantity),
    PRIMARY KEY (transfer_id, sku)
);

-- What the books said when somebody went to count.
CREATE TABLE inventory.stocktake (
    id         uuid PRIMARY KEY,
    warehouse  text        NOT NULL REFERENCES inventory.warehouse (code),
    status     text        NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CLOSED')),
    opened_at  timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE inventory.stocktake_line (
    stocktake_id  uuid NOT NULL REFERENCES inventory.stocktake (id),
    sku           text NOT NULL,
    expected      int  NOT NULL CHECK (expected >= 0),
    counted       int CHECK (counted >= 0),
    PRIMARY KEY (stocktake_id, sku)
);
