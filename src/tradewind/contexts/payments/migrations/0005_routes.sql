-- Where a payment was taken to, written before anybody is asked; a payment without a row was never taken to the gateway.
-- Only one provider is ever asked for a payment. `doubts`: calls to the gateway whose money nobody can rule out.
CREATE TABLE payments.route (
    authorization_key  text PRIMARY KEY,
    provider           text        NOT NULL CHECK (provider IN ('soap', 'rest')),
    doubts             int         NOT NULL CHECK (doubts >= 0 AND (provider = 'soap' OR doubts = 0)),
    decided_at         timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
