-- Who there is, how often a login was tried, and which sessions live. No password, no token: only their digests.
CREATE TABLE identity.account (
    id             uuid PRIMARY KEY,
    login          text        NOT NULL UNIQUE CHECK (login = lower(login) AND login <> ''),
    password_hash  text        NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    roles          text[]      NOT NULL CHECK (cardinality(roles) > 0),
    tenant         text        NOT NULL DEFAULT 'default',
    disabled_at    timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE identity.login_attempt (
    login_digest  bytea PRIMARY KEY,
    since         timestamptz NOT NULL DEFAULT now(),
    attempts      int         NOT NULL CHECK (attempts > 0)
);
CREATE INDEX login_attempt_age ON identity.login_attempt (since);

-- A session is a family of refresh tokens of which only the youngest is good.
CREATE TABLE identity.session (
    id          uuid PRIMARY KEY,
    account_id  uuid        NOT NULL REFERENCES identity.account,
    scopes      text[]      NOT NULL,
    opened_at   timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX session_expiry ON identity.session (expires_at);

CREATE TABLE identity.refresh_token (
    digest      bytea PRIMARY KEY,
    session_id  uuid        NOT NULL REFERENCES identity.session ON DELETE CASCADE,
    used_at     timestamptz
);
CREATE INDEX refresh_token_session ON identity.refresh_token (session_id);
