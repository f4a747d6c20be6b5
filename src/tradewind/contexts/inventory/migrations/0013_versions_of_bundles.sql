-- The same of a bundle, whose numbers are its parts'. It begins above whatever was told of the SKU when it was no bundle;
-- what stands at the beginning was told before there were versions.
ALTER TABLE inventory.bundle ADD COLUMN version bigint NOT NULL DEFAULT 1099511627776;
