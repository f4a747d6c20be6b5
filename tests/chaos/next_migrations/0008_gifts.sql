CREATE TABLE next.gift (
    order_id  uuid PRIMARY KEY,
    note      text NOT NULL,
    packed_at timestamptz
);
CREATE TYPE next.new_gift AS (order_id uuid, note text);
ALTER TABLE next.gift ADD CONSTRAINT gift_of_order FOREIGN KEY (order_id) REFERENCES orders.orders (id) NOT VALID;
