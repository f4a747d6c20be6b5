-- What was asked of an outside payment provider, written down before it is asked (adapters/payment_provider/journaled).
CREATE TABLE payment_provider.asked (
    position bigint GENERATED ALWAYS AS IDENTITY,
    key text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 255),
    mark text NOT NULL UNIQUE,
    verb text NOT NULL CHECK (verb IN ('authorize', 'capture', 'void', 'refund')),
    authorization_key text NOT NULL CHECK (verb <> 'authorize' OR authorization_key = key),
    reference text NOT NULL,
    method text NOT NULL,           -- the token; forgotten once the authorization is settled
    method_digest text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency text NOT NULL,
    provider_id text,
    answer jsonb,
    asked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX asked_by_authorization ON payment_provider.asked (authorization_key, position);
CREATE INDEX asked_open_voids ON payment_provider.asked (position) WHERE verb = 'void' AND answer IS NULL;
CREATE INDEX asked_by_name ON payment_provider.asked (provider_id) WHERE provider_id IS NOT NULL;
