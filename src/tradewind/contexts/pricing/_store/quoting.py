"""Loads all that a quote is made of, in two questions however many goods, promotions and codes there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tradewind.contexts.pricing._domain.quote.facts import BookPrice, Coupon, Facts, Item, Promotion, SaleOffer
from tradewind.contexts.pricing._domain.taxes import TaxRegion
from tradewind.contracts.pricing import QuoteRequest
from tradewind.runtime.database import Tx

GOODS: Final = """
    SELECT wanted.sku, wanted.quantity, p.product_id, p.list_minor, o.amount_minor AS override_minor,
        coalesce(f.category, '') AS category,
        coalesce(f.category_path, '') AS category_path,
        coalesce(t.tax_class, c.tax_class, 'standard') AS tax_class, b.books,
        s.sale_id, s.price_minor AS sale_minor, s.left_over, s.per_buyer, s.taken
    FROM unnest((SELECT $2::text[]), (SELECT $3::int[])) AS wanted (sku, quantity)
    CROSS JOIN LATERAL (
        SELECT product_id, CASE WHEN currency = $4 THEN amount_minor END AS list_minor
        FROM pricing.product_price_history WHERE sku = wanted.sku AND valid_to IS NULL LIMIT 1) AS p
    LEFT JOIN LATERAL (
        SELECT id AS sale_id, price_minor, quantity - sold AS left_over, per_buyer, (
            SELECT coalesce(sum(r.pieces), 0)::int FROM pricing.flash_sale_redemption AS r
            WHERE r.sale_id = f.id AND r.customer_id = $6 AND r.returned_at IS NULL) AS taken
        FROM pricing.flash_sale AS f
        WHERE f.sku = wanted.sku AND f.currency = $4 AND f.state IN ('RUNNING', 'SOLD_OUT')) AS s ON true
    LEFT JOIN LATERAL (
        SELECT amount_minor FROM pricing.price_override
        WHERE sku = wanted.sku AND currency = $4 AND ended_at IS NULL AND (until IS NULL OR until > $1)) AS o ON true
    LEFT JOIN LATERAL (
        SELECT category, category_path FROM pricing.product_facts WHERE sku = wanted.sku LIMIT 1) AS f ON true
    LEFT JOIN LATERAL (
        SELECT tax_class FROM pricing.tax_class_of_product WHERE product_id = p.product_id LIMIT 1) AS t ON true
    LEFT JOIN LATERAL (
        SELECT tax_class FROM pricing.tax_class_of_category
        WHERE category IN (f.category, f.category_path) OR starts_with(f.category_path, category || '/')
        ORDER BY length(category) DESC LIMIT 1) AS c ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('book_id', k.id, 'name', k.name, 'group', k.customer_group,
            'minor', e.amount_minor, 'min_quantity', e.min_quantity, 'valid_from', v.valid_from)) AS books
        FROM pricing.price_book_entry AS e
        JOIN pricing.price_book_version AS v ON v.book_id = e.book_id AND v.number = e.number AND v.state = 'ACTIVE'
        JOIN pricing.price_book AS k ON k.id = e.book_id AND k.currency = $4
        WHERE e.sku = wanted.sku AND e.min_quantity <= wanted.quantity
          AND (k.customer_group IS NULL OR k.customer_group = ANY($5::text[]))
          AND (v.valid_from IS NULL OR v.valid_from <= $1) AND (v.valid_to IS NULL OR v.valid_to > $1)) AS b ON true
    WHERE NOT EXISTS (SELECT FROM pricing.withheld AS w WHERE w.product_id = p.product_id)
"""
"""The sub-selects hide from the planner how much is wanted: else it never keeps a plan, and planning costs more than
the answer."""
RULES: Final = """
    WITH coupons AS (
        SELECT c.code, c.promotion_id, c.max_uses, c.max_per_customer, c.uses,
            b.max_uses AS batch_max, coalesce(b.uses, 0) AS batch_uses,
            (SELECT count(*) FROM pricing.redemption AS r WHERE r.customer_id = $3 AND r.promotion_id = c.promotion_id
                AND r.code = c.code AND r.returned_at IS NULL) AS customer_uses
        FROM pricing.coupon AS c LEFT JOIN pricing.coupon_batch AS b ON b.id = c.batch_id
        WHERE c.code = ANY($2::text[])),
    promotions AS (
        SELECT * FROM pricing.promotion WHERE state = 'ACTIVE' AND NOT needs_coupon
          AND (valid_from IS NULL OR valid_from <= $1) AND (valid_to IS NULL OR valid_to > $1)
          AND (currency IS NULL OR currency = $4)
        UNION ALL
        SELECT * FROM pricing.promotion
        WHERE needs_coupon AND id = ANY(ARRAY(SELECT promotion_id FROM coupons)))
    SELECT 'coupon' AS kind, to_jsonb(coupons) AS fact FROM coupons
    UNION ALL
    SELECT 'promotion', to_jsonb(p) || jsonb_build_object('customer_uses', (
        SELECT count(*) FROM pricing.redemption AS r
        WHERE r.customer_id = $3 AND r.promotion_id = p.id AND r.returned_at IS NULL)) FROM promotions AS p
    UNION ALL
    (SELECT 'tax', to_jsonb(t) FROM pricing.tax_region AS t WHERE country = $5 AND region IN ('', $6)
        ORDER BY region DESC LIMIT 1)
"""
_books = msgspec.json.Decoder(tuple[BookPrice, ...])
_coupon = msgspec.json.Decoder(Coupon)
_promotion = msgspec.json.Decoder(Promotion)
_tax = msgspec.json.Decoder(TaxRegion)


async def load(tx: Tx, request: QuoteRequest, codes: Sequence[str], at: datetime) -> tuple[Facts, list[str]]:
    """Everything that the quote asks for, and the SKUs that are not sold here at all."""
    skus, quantities = list(request.quantities), list(request.quantities.values())
    groups, currency = sorted(request.groups), request.currency
    goods = await tx.all(GOODS, at, skus, quantities, currency, groups, request.customer_id)
    found = {row["sku"]: _item(row) for row in goods}
    rules = await tx.all(RULES, at, codes, request.customer_id, request.currency, request.country, request.region or "")
    facts: dict[str, list[str]] = {"coupon": [], "promotion": [], "tax": []}
    for kind, fact in rules:
        facts[kind].append(fact)
    return Facts(
        items=tuple(found[sku] for sku in skus if sku in found),
        currency=request.currency,
        at=at,
        shipping=request.shipping.minor,
        country=request.country,
        groups=request.groups,
        codes=tuple(codes),
        promotions=tuple(map(_promotion.decode, facts["promotion"])),
        coupons=tuple(map(_coupon.decode, facts["coupon"])),
        tax=next(map(_tax.decode, facts["tax"]), None),
    ), [sku for sku in skus if sku not in found]


def _item(row: Any) -> Item:
    return Item(
        sku=row["sku"],
        product_id=row["product_id"],
        quantity=row["quantity"],
        list_minor=row["list_minor"],
        override_minor=row["override_minor"],
        books=_books.decode(row["books"]) if row["books"] else (),
        sale=_sale(row) if row["sale_id"] else None,
        category=row["category"],
        category_path=row["category_path"],
        tax_class=row["tax_class"],
    )


def _sale(row: Any) -> SaleOffer:
    return SaleOffer(
        sale_id=row["sale_id"],
        minor=row["sale_minor"],
        left=row["left_over"],
        per_buyer=row["per_buyer"],
        taken=row["taken"],
    )
