-- What became of goods that came back undelivered. `round` is the shipment's `parcels` when they were sent.
ALTER TABLE shipping.shipments
    ADD COLUMN unpacked_at timestamptz,
    DROP CONSTRAINT shipments_status_check,
    ADD CONSTRAINT shipments_status_check CHECK (
        status IN ('PLANNED', 'READY', 'DISPATCHED', 'IN_TRANSIT', 'DELIVERED', 'LOST', 'RETURNED', 'UNPACKED', 'CANCELED'));
CREATE TABLE shipping.unpacked (
    shipment_id  uuid NOT NULL REFERENCES shipping.shipments (id),
    round        int  NOT NULL CHECK (round > 0),
    sku          text NOT NULL,
    warehouse    text NOT NULL,
    restocked    int  NOT NULL CHECK (restocked >= 0),
    written_off  int  NOT NULL CHECK (written_off >= 0),
    PRIMARY KEY (shipment_id, round, sku)
);
