-- Where the buyer of an order must prove themselves, as payments in another database has answered; while it waits for that.
CREATE TABLE orders.next_action (
    order_id  uuid PRIMARY KEY,
    url       text NOT NULL
);
