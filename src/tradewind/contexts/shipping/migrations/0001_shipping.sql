-- One shipment an order. The states are those of _domain/shipment.py.
CREATE TABLE shipping.shipments (
    order_id         uuid PRIMARY KEY,
    id               uuid        NOT NULL UNIQUE,
    status           text        NOT NULL DEFAULT 'PLANNED'
                     CHECK (status IN ('PLANNED', 'READY', 'DISPATCHED', 'IN_TRANSIT', 'DELIVERED', 'CANCELED')),
    tracking_number  text CHECK (tracking_number IS NOT NULL OR status IN ('PLANNED', 'READY', 'CANCELED')),
    address          jsonb       NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    ready_at         timestamptz,
    dispatched_at    timestamptz,
    in_transit_at    timestamptz,
    delivered_at     timestamptz,
    canceled_at      timestamptz
) WITH (fillfactor = 70);
