-- The read model inventory_snapshot: beside what can be promised, what inventory says of each SKU, and with which of its
-- versions. Empty is what nobody has said: old events name no numbers. The projection keeps its first name.
ALTER TABLE catalog.availability
    ADD COLUMN product_id uuid,
    ADD COLUMN on_hand int,
    ADD COLUMN reserved int,
    ADD COLUMN version bigint NOT NULL DEFAULT 0;
