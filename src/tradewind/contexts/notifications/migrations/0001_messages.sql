-- What is owed to whom, once an event and channel. No address and no text is kept: both are made when a message goes out.
CREATE TABLE notifications.message (
    id             uuid PRIMARY KEY,
    kind           text        NOT NULL,
    subject        text        NOT NULL,
    channel        text        NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    user_id        text        NOT NULL,
    order_id       uuid,
    facts          jsonb       NOT NULL CHECK (jsonb_typeof(facts) = 'object'),
    status         text        NOT NULL DEFAULT 'OWED'
                   CHECK (status IN ('OWED', 'SENT', 'SKIPPED', 'FAILED', 'BOUNCED')),
    why            text,
    attempt        int         NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    fence          bigint      NOT NULL DEFAULT 0,
    owed_at        timestamptz NOT NULL DEFAULT now(),
    due_at         timestamptz NOT NULL DEFAULT now(),
    lease_until    timestamptz NOT NULL DEFAULT '-infinity',
    settled_at     timestamptz,
    sent_to        text,
    CONSTRAINT once_an_event_and_channel UNIQUE (kind, subject, channel),
    CHECK ((status = 'OWED') = (settled_at IS NULL))
);
CREATE INDEX message_due ON notifications.message (channel, due_at) WHERE status = 'OWED';
CREATE INDEX message_of_user ON notifications.message (user_id);
CREATE INDEX message_of_order ON notifications.message (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX message_newest ON notifications.message (owed_at, id);
CREATE TYPE notifications.new_message AS (
    id uuid, kind text, subject text, channel text, user_id text, order_id uuid, facts jsonb);

-- Addresses, as keyed pseudonyms, at which nobody is reached: nothing is sent to them any more.
CREATE TABLE notifications.bounced (
    address  text PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now()
);

-- How many messages of a channel may go out right now: a bucket that fills at the channel's pace.
CREATE TABLE notifications.pace (
    channel  text PRIMARY KEY,
    left_    float8      NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

-- People that are gone, under ids by which a mailbox of the shop's own may still know them.
CREATE TABLE notifications.to_forget (
    user_id  text NOT NULL,
    as_id    text NOT NULL,
    PRIMARY KEY (user_id, as_id)
);

-- The device that a person's notes go to.
CREATE TABLE notifications.device (
    user_id  text PRIMARY KEY,
    token    text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
