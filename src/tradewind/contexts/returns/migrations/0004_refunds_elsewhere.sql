-- What of a return's refund is back with its buyer, as it was told part by part; where payments has it claimed in another
-- process, that is how the return knows. RECEIVED with a refund: inspected, and what goes back for it is being asked for.
-- `retry_id`: the saga that asks for its money once more, while one does.
ALTER TABLE returns.returns
    ADD COLUMN back_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN retry_id   uuid;
UPDATE returns.returns SET back_minor = amount_minor WHERE status = 'REFUNDED' AND amount_minor > 0;
