-- Which messages of sensors were taken in: written in the transaction that books them, so that none is booked twice.
CREATE TABLE inventory.sensor_inbox (
    sku         text        NOT NULL,
    message_id  text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sku, message_id)
);
CREATE INDEX sensor_inbox_by_age ON inventory.sensor_inbox (at);

-- What sensors said that could not be used, once for each wording.
CREATE TABLE inventory.sensor_dead_letter (
    topic    text        NOT NULL,
    digest   bytea       NOT NULL,
    payload  bytea       NOT NULL,
    reason   text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, digest)
);
