-- An order may travel as several shipments: its parts, numbered from 1. `lines` says which goods (SKU to pieces) are in
-- one; NULL is everything that was bought, as long as nobody has picked it or taken some of it out.
ALTER TABLE shipping.shipments
    ADD COLUMN part int NOT NULL DEFAULT 1 CHECK (part > 0),
    ADD COLUMN lines jsonb CHECK (jsonb_typeof(lines) = 'object' AND lines <> '{}'),
    ADD COLUMN returned_at timestamptz,
    DROP CONSTRAINT shipments_pkey,
    ADD PRIMARY KEY (order_id, part),
    ADD CONSTRAINT parts_say_what_is_in_them CHECK (part = 1 OR lines IS NOT NULL),
    DROP CONSTRAINT shipments_status_check,
    ADD CONSTRAINT shipments_status_check CHECK (
        status IN ('PLANNED', 'READY', 'DISPATCHED', 'IN_TRANSIT', 'DELIVERED', 'LOST', 'RETURNED', 'CANCELED'));

-- What the people of the warehouse do for a shipment; named by it. The states are those of _domain/task.py.
CREATE TABLE shipping.fulfillment_task (
    shipment_id  uuid PRIMARY KEY,
    order_id     uuid        NOT NULL,
    state        text        NOT NULL DEFAULT 'OPEN'
                 CHECK (state IN ('OPEN', 'CLAIMED', 'PICKED', 'PACKED', 'SHIPPED', 'CANCELED')),
    claimed_by   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    changed_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT claimed_by_somebody CHECK (state NOT IN ('CLAIMED', 'PICKED') OR claimed_by IS NOT NULL)
);
CREATE INDEX fulfillment_task_in_order ON shipping.fulfillment_task (state, created_at, shipment_id);
INSERT INTO shipping.fulfillment_task (shipment_id, order_id)
SELECT id, order_id FROM shipping.shipments WHERE status = 'READY';

-- What a shipment is packed into. Grams and millimetres.
CREATE TABLE shipping.parcel (
    id           uuid PRIMARY KEY,
    shipment_id  uuid        NOT NULL REFERENCES shipping.shipments (id),
    weight_g     int         NOT NULL CHECK (weight_g > 0),
    length_mm    int         NOT NULL CHECK (length_mm > 0),
    width_mm     int         NOT NULL CHECK (width_mm > 0),
    height_mm    int         NOT NULL CHECK (height_mm > 0),
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX parcel_of_shipment ON shipping.parcel (shipment_id);
