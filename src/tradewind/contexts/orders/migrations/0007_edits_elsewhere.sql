-- Where inventory has a database of its own, what it is asked to add to an order, and to take from it, once the edit is
-- true here: SKU to pieces. Nothing where inventory shares the database and does that in the same transaction.
ALTER TABLE orders.edit ADD COLUMN more jsonb, ADD COLUMN less jsonb;
