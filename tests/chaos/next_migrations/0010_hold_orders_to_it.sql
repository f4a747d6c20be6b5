ALTER TABLE orders.orders VALIDATE CONSTRAINT gift_note_says_something;
