-- How an order is sent, and to which address it was confirmed: personal data, forgotten on request. The digest (a keyed
-- pseudonym) finds a guest's orders once their address is proved. `guest`: nobody with an account owns it yet.
ALTER TABLE orders.orders
    ADD COLUMN shipping_method text,
    ADD COLUMN email           text,
    ADD COLUMN email_digest    text,
    ADD COLUMN guest           boolean NOT NULL DEFAULT false;
UPDATE orders.orders SET guest = true WHERE user_id LIKE 'guest-%';
CREATE INDEX orders_by_email ON orders.orders (email_digest) WHERE email_digest IS NOT NULL;
CREATE INDEX orders_of_guests ON orders.orders (user_id) WHERE guest;
ALTER TYPE orders.new_order
    ADD ATTRIBUTE shipping_method text,
    ADD ATTRIBUTE email           text,
    ADD ATTRIBUTE email_digest    text,
    ADD ATTRIBUTE guest           boolean;
