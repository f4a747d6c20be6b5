-- Who has yet to be forgotten by payments in another process, and which orders of theirs are left; gone once it is done.
CREATE TABLE customers.forgetting (
    id        uuid PRIMARY KEY,
    user_id   text        NOT NULL,
    orders    uuid[]      NOT NULL,
    begun_at  timestamptz NOT NULL DEFAULT now()
);
