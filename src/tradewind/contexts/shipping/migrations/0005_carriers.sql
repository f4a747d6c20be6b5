-- Parcels that a carrier is asked to carry. The states are those of _domain/parcel.py; `round` is the shipment's
-- `parcels` when it was packed: what was lost or came back is of an earlier one. `due_at` is when the carrier is to be
-- asked next, `lease_until` how long whoever asks now has for it, and their fence.
ALTER TABLE shipping.parcel
    ADD COLUMN number          int         NOT NULL DEFAULT 1 CHECK (number > 0),
    ADD COLUMN round           int         NOT NULL DEFAULT 1 CHECK (round > 0),
    ADD COLUMN carrier         text,
    ADD COLUMN state           text        NOT NULL DEFAULT 'PACKED'
               CHECK (state IN ('PACKED', 'WANTED', 'BOOKED', 'REFUSED', 'IN_TRANSIT', 'DELIVERED', 'RETURNED', 'LOST',
                                'CANCELING', 'CANCELED')),
    ADD COLUMN tracking_number text,
    ADD COLUMN label           bytea,
    ADD COLUMN why             text,
    ADD COLUMN tries           int         NOT NULL DEFAULT 0,
    ADD COLUMN due_at          timestamptz,
    ADD COLUMN lease_until     timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN changed_at      timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT carried_by_somebody CHECK (carrier IS NOT NULL OR state = 'PACKED'),
    ADD CONSTRAINT booked_under_a_number CHECK (
        tracking_number IS NOT NULL OR state IN ('PACKED', 'WANTED', 'REFUSED', 'CANCELING', 'CANCELED'));
CREATE INDEX parcel_due ON shipping.parcel (due_at) WHERE due_at IS NOT NULL;

-- What carriers told by themselves, each once.
CREATE TABLE shipping.carrier_notice (
    carrier    text        NOT NULL,
    notice_id  text        NOT NULL,
    heard_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (carrier, notice_id)
);
CREATE INDEX carrier_notice_by_age ON shipping.carrier_notice (heard_at);
