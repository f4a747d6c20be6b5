-- Which goods a refund gives back the price of. Those of refunds that were not refused never exceed what was bought.
CREATE TABLE payments.refund_line (
    refund_id  uuid   NOT NULL REFERENCES payments.refund (id),
    sku        text   NOT NULL,
    pieces     int    NOT NULL CHECK (pieces > 0),
    PRIMARY KEY (refund_id, sku)
);
