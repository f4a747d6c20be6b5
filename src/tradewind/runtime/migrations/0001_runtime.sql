-- What carries commands, events and sagas, whichever contexts share this database.
CREATE TABLE runtime.outbox (
    position        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stamp           bigint      NOT NULL,
    event_id        uuid        NOT NULL,
    type            text        NOT NULL,
    key             text        NOT NULL,
    occurred_at     timestamptz NOT NULL DEFAULT now(),
    trace_id        text        NOT NULL,
    correlation_id  text        NOT NULL,
    payload         jsonb       NOT NULL
);
CREATE INDEX outbox_reading_order ON runtime.outbox (stamp, position);

CREATE TABLE runtime.position (
    subscriber  text PRIMARY KEY,
    stamp       bigint      NOT NULL DEFAULT 0,
    position    bigint      NOT NULL DEFAULT 0,
    moved_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE runtime.dead_letter (
    subscriber  text        NOT NULL,
    position    bigint      NOT NULL,
    event_id    uuid        NOT NULL,
    type        text        NOT NULL,
    reason      text        NOT NULL,
    attempts    int         NOT NULL,
    parked_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subscriber, position)
);

CREATE TABLE runtime.idempotency (
    scope         text PRIMARY KEY,
    request_hash  text        NOT NULL,
    answer        jsonb       NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX idempotency_expiry ON runtime.idempotency (expires_at);

CREATE TABLE runtime.saga (
    id           uuid PRIMARY KEY,
    name         text        NOT NULL,
    version      int         NOT NULL,
    phase        text        NOT NULL CHECK (phase IN ('STARTED', 'COMPENSATING', 'COMPLETED', 'FAILED', 'NEEDS_ATTENTION')),
    step         int         NOT NULL CHECK (step >= 0),
    undoing      boolean     NOT NULL DEFAULT false,
    attempt      int         NOT NULL DEFAULT 0,
    attempt_group int        NOT NULL DEFAULT 0,
    cancel       text,
    why          text,
    refused      boolean     NOT NULL DEFAULT false,
    due_at       timestamptz,
    step_since   timestamptz NOT NULL DEFAULT now(),
    lease_until  timestamptz NOT NULL DEFAULT '-infinity',
    fence        bigint      NOT NULL DEFAULT 0,
    trace_id        text     NOT NULL,
    correlation_id  text     NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    changed_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (phase IN ('STARTED', 'COMPENSATING') OR due_at IS NULL)
) WITH (fillfactor = 70);
CREATE INDEX saga_due ON runtime.saga (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX saga_parked ON runtime.saga (changed_at) WHERE phase = 'NEEDS_ATTENTION';

CREATE TABLE runtime.saga_journal (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    saga_id   uuid        NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    step      text        NOT NULL,
    message   text        NOT NULL,
    detail    text
);
CREATE INDEX saga_journal_by_saga ON runtime.saga_journal (saga_id, id);

CREATE TABLE runtime.audit_entry (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT now(),
    actor           text  NOT NULL,
    action          text  NOT NULL,
    subject         text  NOT NULL,
    correlation_id  text  NOT NULL,
    facts           jsonb NOT NULL
);
