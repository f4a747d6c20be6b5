-- Parcels that are lost on their way, and how many were made of one shipment because of that.
ALTER TABLE shipping.shipments
    ADD COLUMN parcels int NOT NULL DEFAULT 1 CHECK (parcels > 0),
    ADD COLUMN lost_at timestamptz,
    DROP CONSTRAINT shipments_status_check,
    ADD CONSTRAINT shipments_status_check CHECK (
        status IN ('PLANNED', 'READY', 'DISPATCHED', 'IN_TRANSIT', 'DELIVERED', 'LOST', 'CANCELED'));
