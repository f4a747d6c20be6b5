"""What is asked of the star schema, in the SQL that both engines speak; `$name` is a parameter."""

from typing import Final

from tradewind.ports.columns import Grain

REVENUE_BY_MINUTE: Final = """
    SELECT date_trunc('minute', told_at) AS start, currency,
           sum(CASE WHEN movement = 'CAPTURED' THEN amount_minor ELSE 0 END) AS captured_minor,
           sum(CASE WHEN movement = 'REFUNDED' THEN amount_minor ELSE 0 END) AS refunded_minor,
           sum(CASE WHEN movement = 'CAPTURED' THEN 1 ELSE 0 END) AS captures,
           sum(CASE WHEN movement = 'REFUNDED' THEN 1 ELSE 0 END) AS refunds
    FROM fact_payments WHERE told_at >= $since AND told_at < $until
    GROUP BY start, currency ORDER BY start, currency LIMIT 10000
"""
REVENUE: Final = {grain: REVENUE_BY_MINUTE.replace("'minute'", f"'{grain}'") for grain in Grain}
"""By the pieces of time that revenue is summed over."""
