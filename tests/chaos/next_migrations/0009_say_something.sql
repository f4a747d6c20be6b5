ALTER TABLE orders.orders ADD CONSTRAINT gift_note_says_something CHECK (gift_note <> '') NOT VALID;
