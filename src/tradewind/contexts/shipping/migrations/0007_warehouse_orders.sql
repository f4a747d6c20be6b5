-- Tasks that are handed over to a warehouse's own system. The states are those of _domain/handover.py; the id is the key
-- by which the system knows it, `lines` what it was asked for, `due_at` and `lease_until` as of a parcel.
ALTER TABLE shipping.fulfillment_task
    DROP CONSTRAINT fulfillment_task_state_check,
    ADD CONSTRAINT fulfillment_task_state_check CHECK (
        state IN ('OPEN', 'CLAIMED', 'HANDED_OVER', 'PICKED', 'PACKED', 'SHIPPED', 'CANCELED'));

CREATE TABLE shipping.warehouse_order (
    id           uuid PRIMARY KEY,
    shipment_id  uuid        NOT NULL REFERENCES shipping.shipments (id),
    state        text        NOT NULL DEFAULT 'WANTED'
                 CHECK (state IN ('WANTED', 'SENT', 'DONE', 'REFUSED', 'CANCELING', 'CANCELED')),
    lines        jsonb       NOT NULL CHECK (jsonb_typeof(lines) = 'object' AND lines <> '{}'),
    why          text,
    tries        int         NOT NULL DEFAULT 0,
    due_at       timestamptz,
    lease_until  timestamptz NOT NULL DEFAULT '-infinity',
    changed_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT asked_until_it_is_over CHECK ((due_at IS NULL) = (state IN ('DONE', 'REFUSED', 'CANCELED')))
);
CREATE UNIQUE INDEX one_live_order_a_shipment ON shipping.warehouse_order (shipment_id)
    WHERE state IN ('WANTED', 'SENT');
CREATE INDEX warehouse_order_due ON shipping.warehouse_order (due_at) WHERE due_at IS NOT NULL;
