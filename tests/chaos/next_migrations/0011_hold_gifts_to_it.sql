ALTER TABLE next.gift VALIDATE CONSTRAINT gift_of_order;
