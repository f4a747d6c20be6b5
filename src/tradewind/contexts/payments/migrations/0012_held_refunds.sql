-- Orders whose money an edit in another process has to itself until it is true, or is not to be: nobody else claims of it
-- meanwhile. What the edit gives back is claimed under this id, and sent when it is true.
CREATE TABLE payments.held_refund (
    refund_id  uuid PRIMARY KEY,
    order_id   uuid        NOT NULL UNIQUE,
    held_at    timestamptz NOT NULL DEFAULT now()
);
