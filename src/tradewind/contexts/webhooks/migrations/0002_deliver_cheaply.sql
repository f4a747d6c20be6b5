-- What is due is found in the order in which it is; an attempt's row costs one index less, and no look at its subscription.
CREATE INDEX delivery_due ON webhooks.delivery (subscription_id, due_at, sequence) WHERE status = 'PENDING';
DROP INDEX webhooks.webhook_delivery_attempts_by_delivery;
ALTER TABLE webhooks.webhook_delivery_attempts
    DROP CONSTRAINT webhook_delivery_attempts_subscription_id_fkey,
    DROP CONSTRAINT webhook_delivery_attempts_pkey,
    ADD PRIMARY KEY (subscription_id, sequence, id);
