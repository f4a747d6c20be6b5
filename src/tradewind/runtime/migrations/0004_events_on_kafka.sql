-- What is written to Kafka, byte for byte the same whoever publishes it: the relay asks these functions, and for Debezium,
-- which can publish nothing but columns, a trigger that is switched on with its connector keeps their answers.
ALTER TABLE runtime.outbox ADD COLUMN envelope text, ADD COLUMN traceparent text;

CREATE FUNCTION runtime.envelope(event runtime.outbox) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat('{"eventId":"', event.event_id, '","eventType":', to_json(event.type), ',"occurredAt":"',
                  to_char(event.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                  '","producer":', to_json(split_part(event.type, '.', 2) || '-service'),
                  ',"traceId":', to_json(event.trace_id), ',"correlationId":', to_json(event.correlation_id),
                  ',"partitionKey":', to_json(event.key), ',"payload":', event.payload, ',"schemaVersion":"1.0"}')
$$;
CREATE FUNCTION runtime.traceparent(event runtime.outbox) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT concat('00-', event.trace_id, '-', right(replace(event.event_id::text, '-', ''), 16), '-01')
$$;
CREATE FUNCTION runtime.spell_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.envelope := runtime.envelope(NEW);
    NEW.traceparent := runtime.traceparent(NEW);
    RETURN NEW;
END
$$;
CREATE TRIGGER spelled_out BEFORE INSERT ON runtime.outbox FOR EACH ROW EXECUTE FUNCTION runtime.spell_out();
ALTER TABLE runtime.outbox DISABLE TRIGGER spelled_out;

-- Where an event was first seen on Kafka; seen again elsewhere it is a duplicate.
CREATE TABLE runtime.inbox (
    event_id   uuid PRIMARY KEY,
    topic      text        NOT NULL,
    partition  int         NOT NULL,
    place      bigint      NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_age ON runtime.inbox (seen_at);

-- Each subscriber's next place in each partition; moved in the transaction of the effects.
CREATE TABLE runtime.kafka_position (
    subscriber  text        NOT NULL,
    topic       text        NOT NULL,
    partition   int         NOT NULL,
    next        bigint      NOT NULL,
    moved_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subscriber, topic, partition)
);

-- Letters whose events are in no outbox of this database bring the message along, and a place below zero.
ALTER TABLE runtime.dead_letter ADD COLUMN envelope jsonb;
CREATE SEQUENCE runtime.letter_from_elsewhere;
