-- Users prove their addresses, see and end their sessions; what is written to them waits here until it is sent.
ALTER TABLE identity.account
    ADD COLUMN email_verified_at timestamptz,
    ADD COLUMN erased_at         timestamptz;

ALTER TABLE identity.session
    ADD COLUMN device        text        NOT NULL DEFAULT '',
    ADD COLUMN last_used_at  timestamptz NOT NULL DEFAULT now();
CREATE INDEX session_account ON identity.session (account_id, id);
CREATE INDEX session_revoked ON identity.session (revoked_at) WHERE revoked_at IS NOT NULL;

-- What a mail lets its reader do, once. A password_hash is the one that was chosen when this very mail was asked for.
CREATE TABLE identity.mail_token (
    digest         bytea PRIMARY KEY,
    account_id     uuid        NOT NULL REFERENCES identity.account ON DELETE CASCADE,
    purpose        text        NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    password_hash  text        CHECK (password_hash LIKE '$argon2id$%'),
    expires_at     timestamptz NOT NULL
);
CREATE INDEX mail_token_account ON identity.mail_token (account_id);
CREATE INDEX mail_token_expiry ON identity.mail_token (expires_at);

-- A mail on its way; its row goes when it is sent. A saga of the same id carries it.
CREATE TABLE identity.pending_mail (
    id          uuid PRIMARY KEY,
    account_id  uuid        NOT NULL REFERENCES identity.account ON DELETE CASCADE,
    recipient   text        NOT NULL,
    subject     text        NOT NULL,
    body        text        NOT NULL,
    queued_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX pending_mail_account ON identity.pending_mail (account_id);
