-- Goods that go out once more where inventory has a database of its own: held and taken out there by a saga of this id.
CREATE TABLE shipping.replacement (
    id           uuid        PRIMARY KEY,
    shipment_id  uuid        NOT NULL REFERENCES shipping.shipments (id),
    round        int         NOT NULL CHECK (round > 0),
    lines        jsonb       NOT NULL,
    status       text        NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'DONE', 'REFUSED')),
    why          text,
    asked_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX replacement_under_way ON shipping.replacement (shipment_id) WHERE status = 'PENDING';
CREATE INDEX replacement_by_shipment ON shipping.replacement (shipment_id, asked_at);
