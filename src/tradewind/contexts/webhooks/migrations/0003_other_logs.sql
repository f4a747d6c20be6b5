-- What other databases told, at the place in the log of this one where it was heard: both are read as if they were one.
CREATE TABLE webhooks.foreign_event (
    position        bigint      NOT NULL DEFAULT nextval('runtime.outbox_position_seq') PRIMARY KEY,
    stamp           bigint      NOT NULL,
    event_id        uuid        NOT NULL CONSTRAINT heard_once UNIQUE,
    type            text        NOT NULL,
    key             text        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    trace_id        text        NOT NULL,
    correlation_id  text        NOT NULL,
    payload         jsonb       NOT NULL,
    heard_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX foreign_event_reading_order ON webhooks.foreign_event (stamp, position);
CREATE INDEX foreign_event_by_age ON webhooks.foreign_event (heard_at);

-- Up to here some of it was forgotten again. One row, once there is any.
CREATE TABLE webhooks.forgotten (
    single    boolean PRIMARY KEY DEFAULT true CHECK (single),
    stamp     bigint NOT NULL,
    position  bigint NOT NULL
);

-- Types that this log tells of, too, while another database is the one to tell them: from one position to another.
CREATE TABLE webhooks.told_elsewhere (
    prefix  text   NOT NULL,
    since   bigint NOT NULL,
    until   bigint,
    PRIMARY KEY (prefix, since)
);
CREATE UNIQUE INDEX told_elsewhere_now ON webhooks.told_elsewhere (prefix) WHERE until IS NULL;
