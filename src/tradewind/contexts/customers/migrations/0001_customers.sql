-- Who buys here, as far as they say: one profile, one set of preferences, several addresses, and the groups that staff
-- put them in. A profile's row is locked before anything of the same person changes.
CREATE TABLE customers.profile (
    user_id     text PRIMARY KEY,
    version     int         NOT NULL CHECK (version >= 0),
    name        text,
    contacts    jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(contacts) = 'array'),
    language    text        NOT NULL,
    currency    text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    time_zone   text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (version = 0 OR jsonb_array_length(contacts) > 0)
);

CREATE TABLE customers.preference (
    user_id            text PRIMARY KEY,
    version            int         NOT NULL CHECK (version > 0),
    preferred_channel  text CHECK (preferred_channel IN ('EMAIL', 'SMS', 'PHONE')),
    marketing          jsonb       NOT NULL CHECK (jsonb_typeof(marketing) = 'object'),
    changed_at         timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE customers.address (
    id                uuid PRIMARY KEY,
    user_id           text        NOT NULL,
    version           int         NOT NULL CHECK (version > 0),
    place             jsonb       NOT NULL,
    default_shipping  boolean     NOT NULL DEFAULT false,
    default_billing   boolean     NOT NULL DEFAULT false,
    created_at        timestamptz NOT NULL DEFAULT now(),
    changed_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX address_by_user ON customers.address (user_id, id);
CREATE UNIQUE INDEX one_default_for_shipping ON customers.address (user_id) WHERE default_shipping;
CREATE UNIQUE INDEX one_default_for_billing ON customers.address (user_id) WHERE default_billing;

CREATE TABLE customers.customer_group (
    user_id  text        NOT NULL,
    name     text        NOT NULL,
    set_by   text        NOT NULL,
    since    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, name)
);
