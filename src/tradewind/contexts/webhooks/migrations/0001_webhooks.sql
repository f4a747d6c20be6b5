-- Who hears what, what is on its way to them, and every attempt at it.
CREATE TABLE webhooks.webhook_subscriptions (
    id             uuid PRIMARY KEY,
    url            text        NOT NULL,
    event_types    text[]      NOT NULL CHECK (cardinality(event_types) > 0),
    filter         jsonb       NOT NULL DEFAULT '{}',
    status         text        NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'PAUSED', 'DISABLED')),
    why            text,
    secret         bytea       NOT NULL,
    old_secret     bytea,
    old_until      timestamptz NOT NULL DEFAULT '-infinity',
    stamp          bigint      NOT NULL,
    position       bigint      NOT NULL,
    sequence       bigint      NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    failures       int         NOT NULL DEFAULT 0 CHECK (failures >= 0),
    open_until     timestamptz NOT NULL DEFAULT '-infinity',
    created_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE webhooks.delivery (
    subscription_id  uuid        NOT NULL REFERENCES webhooks.webhook_subscriptions ON DELETE CASCADE,
    sequence         bigint      NOT NULL CHECK (sequence > 0),
    event_id         uuid        NOT NULL,
    type             text        NOT NULL,
    key              text        NOT NULL,
    trace_id         text        NOT NULL,
    body             text        NOT NULL,
    status           text        NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'DELIVERED', 'DEAD')),
    attempts         int         NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at           timestamptz NOT NULL,
    lease_until      timestamptz NOT NULL DEFAULT '-infinity',
    reason           text        NOT NULL DEFAULT '',
    settled_at       timestamptz,
    PRIMARY KEY (subscription_id, sequence),
    CONSTRAINT one_delivery_an_event UNIQUE (subscription_id, event_id)
) WITH (fillfactor = 70);
CREATE INDEX delivery_pending ON webhooks.delivery (subscription_id, key, sequence) WHERE status = 'PENDING';
CREATE INDEX delivery_dead ON webhooks.delivery (settled_at) WHERE status = 'DEAD';
CREATE INDEX delivery_settled ON webhooks.delivery (settled_at) WHERE status = 'DELIVERED';

CREATE TABLE webhooks.webhook_delivery_attempts (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription_id  uuid        NOT NULL REFERENCES webhooks.webhook_subscriptions ON DELETE CASCADE,
    sequence         bigint      NOT NULL,
    attempt          int         NOT NULL CHECK (attempt > 0),
    at               timestamptz NOT NULL,
    status_code      int,
    outcome          text        NOT NULL
);
CREATE INDEX webhook_delivery_attempts_by_delivery
    ON webhooks.webhook_delivery_attempts (subscription_id, sequence, id);
CREATE INDEX webhook_delivery_attempts_by_age ON webhooks.webhook_delivery_attempts (at);
