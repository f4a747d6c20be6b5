"""The prices that lie above a list price, as pieces of a statement, for everybody and one piece.

A statement that uses them calls the list price's row `p` (sku, amount_minor, currency) and passes the moment as $1.
Which layer counts is decided in the same order as in _domain/quote/choosing.py. A flash sale's price counts until the
sale has ended, though it be sold out: `sale_id` says that it is one. It lies above the usual price, which is what
ProductPriceChanged tells: a sale tells of itself.
"""

from typing import Final

SALE: Final = """
    LEFT JOIN LATERAL (
        SELECT id AS sale_id, price_minor AS amount_minor FROM pricing.flash_sale
        WHERE sku = p.sku AND currency = p.currency AND state IN ('RUNNING', 'SOLD_OUT')) AS s ON true
"""
LAYERS: Final = """
    LEFT JOIN LATERAL (
        SELECT amount_minor FROM pricing.price_override
        WHERE sku = p.sku AND currency = p.currency AND ended_at IS NULL AND (until IS NULL OR until > $1)) AS o ON true
    LEFT JOIN LATERAL (
        SELECT e.amount_minor FROM pricing.price_book_entry AS e
        JOIN pricing.price_book_version AS v ON v.book_id = e.book_id AND v.number = e.number AND v.state = 'ACTIVE'
        JOIN pricing.price_book AS k ON k.id = e.book_id AND k.customer_group IS NULL AND k.currency = p.currency
        WHERE e.sku = p.sku AND e.min_quantity = 1
          AND (v.valid_from IS NULL OR v.valid_from <= $1) AND (v.valid_to IS NULL OR v.valid_to > $1)
        ORDER BY v.valid_from DESC NULLS LAST, e.amount_minor, k.id LIMIT 1) AS b ON true
"""
ABOVE_LIST: Final = "coalesce(o.amount_minor, b.amount_minor)"
AMOUNT: Final = "coalesce(o.amount_minor, b.amount_minor, p.amount_minor)"
"""The usual price: every layer but a sale's."""
ON_SALE: Final = "coalesce(s.amount_minor, o.amount_minor, b.amount_minor, p.amount_minor)"
"""The price that counts."""
