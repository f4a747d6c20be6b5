-- What is written in numbers is sent as an array of rows: an array a column costs the driver several times as much.
CREATE TYPE orders.new_order AS (
    id uuid, user_id text, status text, version int, currency text, items_minor bigint, shipping_minor bigint,
    tax_minor bigint, discount_minor bigint, total_minor bigint, payment_method text, shipping_address jsonb,
    placed_at timestamptz);
CREATE TYPE orders.new_item AS (
    order_id uuid, line int, kind text, sku text, product_id uuid, quantity int, unit_price_minor bigint);
CREATE TYPE orders.new_step AS (order_id uuid, version int, status text, event text, why text);
CREATE TYPE orders.moved_order AS (id uuid, status text, version int, why text);
