-- Which messages of sensors were taken in: written in the transaction that books them, so that none is booked twice.
CREATE TABLE inventory.sensor_inbox (
    sku         text        NOT NULL,
    message_id  text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sku, message_id)
);
CREATE INDEX sensor_inbox_by_age ON inventory.sensor_inbox (at);

-- What sensors said that could not be used. `message` is SKU and id, where the message has one; `announced` tells
-- whether the dead-letter topic has heard of it.
CREATE TABLE inventory.sensor_dead_letter (
    id         uuid        PRIMARY KEY,
    place      bigint      GENERATED ALWAYS AS IDENTITY,
    message    text        UNIQUE,
    sku        text        NOT NULL,
    topic      text        NOT NULL,
    payload    bytea       NOT NULL,
    reason     text        NOT NULL,
    trace_id   text        NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT now(),
    announced  boolean     NOT NULL DEFAULT false
);
CREATE INDEX sensor_dead_letter_owed ON inventory.sensor_dead_letter (place) WHERE NOT announced;
CREATE INDEX sensor_dead_letter_oldest ON inventory.sensor_dead_letter (place);
