-- How often the numbers of a SKU were changed, and in how many warehouses it has a row: both are kept in the row of the
-- main warehouse, which whoever changes one of the others holds too.
ALTER TABLE inventory.inventory_stock
    ADD COLUMN version bigint NOT NULL DEFAULT 0,
    ADD COLUMN places int NOT NULL DEFAULT 1;
