-- What is written in numbers is sent as an array of rows: an array a column costs the driver several times as much.
CREATE TYPE inventory.movement AS (sku text, on_hand int, reserved int);
CREATE TYPE inventory.new_reservation AS (order_id uuid, sku text, quantity int);
