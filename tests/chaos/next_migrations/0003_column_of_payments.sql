ALTER TABLE payments.payments ADD COLUMN risk smallint NOT NULL DEFAULT 0;
