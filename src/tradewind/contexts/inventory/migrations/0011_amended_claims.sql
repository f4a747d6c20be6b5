-- Where inventory runs apart, what an edit adds to an order is held by a claim of its own, which the order then takes over.
-- Once that is done it must not be done again, however often it is asked for.
ALTER TABLE inventory.claim ADD COLUMN spent boolean NOT NULL DEFAULT false;
