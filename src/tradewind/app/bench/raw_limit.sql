-- The raw limit: what an order must write at the very least. Nothing is priced, checked, noted or told to anybody.

-- name: schema
CREATE SCHEMA raw;
CREATE TABLE raw.idempotency (key text PRIMARY KEY, order_id uuid NOT NULL);
CREATE TABLE raw.stock (sku text PRIMARY KEY, on_hand int NOT NULL, reserved int NOT NULL DEFAULT 0, CHECK (reserved <= on_hand));
CREATE TABLE raw.orders (id uuid PRIMARY KEY, customer text NOT NULL, status text NOT NULL, total bigint NOT NULL,
                         placed_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE raw.item (order_id uuid, sku text, quantity int NOT NULL, price bigint NOT NULL, PRIMARY KEY (order_id, sku));
CREATE TABLE raw.saga (order_id uuid PRIMARY KEY, step int NOT NULL, due_at timestamptz NOT NULL);
CREATE TABLE raw.outbox (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL, key text NOT NULL,
                         payload jsonb NOT NULL);
CREATE FUNCTION raw.place(order_id uuid, key text, skus text[], quantities int[], payload jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE taken int;
BEGIN
    INSERT INTO raw.idempotency VALUES (place.key, place.order_id) ON CONFLICT DO NOTHING;
    IF NOT found THEN RETURN false; END IF;
    PERFORM FROM raw.stock AS s WHERE s.sku = ANY (place.skus) ORDER BY s.sku FOR NO KEY UPDATE;
    UPDATE raw.stock AS s SET reserved = s.reserved + u.quantity
    FROM unnest(place.skus, place.quantities) AS u (sku, quantity)
    WHERE s.sku = u.sku AND s.on_hand - s.reserved >= u.quantity;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken < cardinality(place.skus) THEN RAISE EXCEPTION 'not enough in stock'; END IF;
    INSERT INTO raw.orders (id, customer, status, total) VALUES (place.order_id, 'customer', 'RESERVED', 100);
    INSERT INTO raw.item SELECT place.order_id, u.sku, u.quantity, 100
    FROM unnest(place.skus, place.quantities) AS u (sku, quantity);
    INSERT INTO raw.saga VALUES (place.order_id, 1, now());
    INSERT INTO raw.outbox (type, key, payload) VALUES ('order.created', place.order_id::text, place.payload);
    RETURN true;
END $$;

-- name: stock_up
INSERT INTO raw.stock (sku, on_hand) SELECT sku, 1000000000 FROM unnest($1::text[]) AS u (sku);

-- name: claim_key
INSERT INTO raw.idempotency VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING key;

-- name: take_stock
WITH held AS MATERIALIZED (SELECT sku FROM raw.stock WHERE sku = ANY ($1::text[]) ORDER BY sku FOR NO KEY UPDATE)
UPDATE raw.stock AS s SET reserved = s.reserved + u.quantity
FROM held JOIN unnest($1::text[], $2::int[]) AS u (sku, quantity) USING (sku)
WHERE s.sku = held.sku AND s.on_hand - s.reserved >= u.quantity RETURNING s.sku;

-- name: write_order
WITH o AS (INSERT INTO raw.orders (id, customer, status, total) VALUES ($1, 'customer', 'RESERVED', 100)),
     i AS (INSERT INTO raw.item SELECT $1, u.sku, u.quantity, 100 FROM unnest($2::text[], $3::int[]) AS u (sku, quantity)),
     s AS (INSERT INTO raw.saga VALUES ($1, 1, now()))
INSERT INTO raw.outbox (type, key, payload) VALUES ('order.created', $4, $5);

-- name: place
SELECT raw.place($1, $2, $3, $4, $5);
