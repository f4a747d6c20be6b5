"""What is asked of the star schema, in the SQL that both engines speak; `$name` is a parameter."""

from typing import Final

from tradewind.ports.columns import Grain

REVENUE_BY_MINUTE: Final = """
    SELECT date_trunc('minute', told_at) AS start, currency,
           sum(CASE WHEN movement = 'CAPTURED' THEN amount_minor ELSE 0 END) AS captured_minor,
           sum(CASE WHEN movement = 'REFUNDED' THEN amount_minor ELSE 0 END) AS refunded_minor,
           sum(CASE WHEN movement = 'CAPTURED' THEN sign(amount_minor) ELSE 0 END) AS captures,
           sum(CASE WHEN movement = 'REFUNDED' THEN sign(amount_minor) ELSE 0 END) AS refunds
    FROM fact_payments WHERE told_at >= $since AND told_at < $until
    GROUP BY start, currency ORDER BY start, currency LIMIT $most
"""
"""Of what is taken away again by an amount below nothing, the movement is, too."""
REVENUE: Final = {grain: REVENUE_BY_MINUTE.replace("'minute'", f"'{grain}'") for grain in Grain}
"""By the pieces of time that revenue is summed over."""
CREATE_DAILY_REVENUE: Final = """
    CREATE VIEW IF NOT EXISTS daily_revenue AS
    SELECT date_trunc('day', told_at) AS day, currency,
           sum(CASE WHEN step = 'PAID' THEN total_minor ELSE 0 END) AS paid_minor,
           sum(CASE WHEN step = 'CANCELED' THEN total_minor ELSE 0 END) AS canceled_minor,
           sum(CASE WHEN step = 'PAID' THEN 1 ELSE 0 END) AS paid,
           sum(CASE WHEN step = 'CANCELED' THEN 1 ELSE 0 END) AS canceled
    FROM fact_order_steps
    WHERE step = 'PAID'
       OR step = 'CANCELED' AND order_id IN (SELECT order_id FROM fact_order_steps WHERE step = 'PAID')
    GROUP BY day, currency
"""
CREATE_CURRENT_ORDERS: Final = """
    CREATE VIEW IF NOT EXISTS current_orders AS
    SELECT order_id, min(valid_from) AS placed_at, argMax(revision, version) AS current_revision,
           argMax(customer_key, version) AS customer, argMax(currency, version) AS order_currency,
           argMax(pieces, version) AS current_pieces, argMax(total_minor, version) AS current_total_minor
    FROM fact_orders GROUP BY order_id
"""
CREATE_CURRENT_PRODUCTS: Final = """
    CREATE VIEW IF NOT EXISTS current_products AS
    SELECT product_id, argMax(name, version) AS current_name, argMax(category, version) AS current_category
    FROM dim_product WHERE status <> 'DELETED' GROUP BY product_id
"""
"""Whoever is no longer sold keeps the name it had."""
VIEWS: Final = (CREATE_DAILY_REVENUE, CREATE_CURRENT_ORDERS, CREATE_CURRENT_PRODUCTS)
DAILY_REVENUE: Final = """
    SELECT day, currency, paid_minor, canceled_minor, paid, canceled FROM daily_revenue
    WHERE day >= $since AND day < $until ORDER BY day, currency LIMIT $most
"""
TOP_PRODUCTS: Final = """
    SELECT l.sku AS sold, coalesce(max(p.current_name), '') AS name, coalesce(max(p.current_category), '') AS category,
           sum(l.quantity) AS sold_pieces, sum(l.quantity * l.unit_price_minor) AS sales_minor,
           count(DISTINCT l.order_id) AS orders
    FROM fact_order_lines AS l
    JOIN current_orders AS o ON o.current_revision = l.revision
    LEFT JOIN current_products AS p ON p.product_id = l.product_id
    WHERE o.placed_at >= $since AND o.placed_at < $until AND l.currency = $currency
      AND l.order_id NOT IN (SELECT order_id FROM fact_order_steps WHERE step IN ('CANCELED', 'FAILED'))
    GROUP BY sold ORDER BY sales_minor DESC, sold LIMIT $many
"""
SALES: Final = """
    SELECT order_currency, count(*) AS orders,
           sum(CASE WHEN order_id IN (SELECT order_id FROM fact_order_steps WHERE step = 'PAID')
               THEN 1 ELSE 0 END) AS paid,
           sum(CASE WHEN order_id IN (SELECT order_id FROM fact_order_steps WHERE step IN ('CANCELED', 'FAILED'))
               THEN 1 ELSE 0 END) AS called_off,
           count(DISTINCT CASE WHEN customer <> '' THEN customer END) AS customers,
           sum(CASE WHEN order_id IN (SELECT order_id FROM fact_order_steps WHERE step IN ('CANCELED', 'FAILED'))
               THEN 0 ELSE current_pieces END) AS pieces,
           sum(CASE WHEN order_id IN (SELECT order_id FROM fact_order_steps WHERE step IN ('CANCELED', 'FAILED'))
               THEN 0 ELSE current_total_minor END) AS total_minor
    FROM current_orders WHERE placed_at >= $since AND placed_at < $until
    GROUP BY order_currency ORDER BY order_currency
"""
DAILY_SALES: Final = SALES.replace(
    "SELECT order_currency", "SELECT date_trunc('day', placed_at) AS day, order_currency"
).replace("BY order_currency", "BY day, order_currency")
"""The same of each day, so that no figure can mean two things."""
FIRST_ORDER: Final = "SELECT valid_from FROM fact_orders ORDER BY valid_from LIMIT 1"
CARTS: Final = """
    SELECT count(DISTINCT CASE WHEN outcome = 'CHECKED_OUT' THEN cart_id END) AS checked_out,
           count(DISTINCT CASE WHEN outcome <> 'CHECKED_OUT' AND cart_id NOT IN
               (SELECT cart_id FROM fact_carts WHERE outcome = 'CHECKED_OUT') THEN cart_id END) AS abandoned
    FROM fact_carts WHERE told_at >= $since AND told_at < $until
"""
