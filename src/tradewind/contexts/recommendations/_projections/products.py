"""What recommendations know of products: what they are, and what they are about."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeAlias
from uuid import UUID

from tradewind.contexts.recommendations._domain.terms import prose, terms
from tradewind.contracts.catalog import ProductCreated, ProductDeleted, ProductUpdated
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

LEARN: Final = """
    INSERT INTO recommendations.product AS p (product_id, sku, name, category, image, on_sale, prose)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[])
    ON CONFLICT (product_id) DO UPDATE SET sku = EXCLUDED.sku, name = EXCLUDED.name, category = EXCLUDED.category,
        image = EXCLUDED.image, on_sale = EXCLUDED.on_sale, prose = EXCLUDED.prose,
        described_at = CASE WHEN p.prose = EXCLUDED.prose THEN p.described_at ELSE now() END
"""
PRICE: Final = """
    UPDATE recommendations.product AS p SET amount = u.amount, currency = u.currency
    FROM unnest($1::uuid[], $2::numeric[], $3::text[]) AS u (product_id, amount, currency)
    WHERE p.product_id = u.product_id
"""
GONE: Final = "UPDATE recommendations.product SET on_sale = false WHERE product_id = ANY($1::uuid[])"
FORGET_TERMS: Final = "DELETE FROM recommendations.term WHERE product_id = ANY($1::uuid[]) RETURNING term"
LEARN_TERMS: Final = """
    INSERT INTO recommendations.term (term, product_id, weight)
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::real[])
"""
COUNT: Final = """
    INSERT INTO recommendations.frequency AS f (term, products) SELECT * FROM unnest($1::text[], $2::int[])
    ON CONFLICT (term) DO UPDATE SET products = f.products + EXCLUDED.products
"""
COUNT_DOWN: Final = """
    UPDATE recommendations.frequency AS f SET products = f.products - u.by
    FROM unnest($1::text[], $2::int[]) AS u (term, by) WHERE f.term = u.term
"""
Described: TypeAlias = ProductCreated | ProductUpdated
EVERY_PRODUCT: Final = ""
"""The term that is of every product."""


@subscriber
async def products(events: Sequence[Described | ProductDeleted | ProductPriceChanged], tx: Tx) -> None:
    """The newest of each product's events says it all."""
    described = {e.product_id: e for e in events if isinstance(e, ProductCreated | ProductUpdated)}
    if described:
        await _learn(list(described.values()), tx)
    prices = {e.product_id: e for e in events if isinstance(e, ProductPriceChanged)}
    if prices:
        rows = prices.values()
        await tx.run(PRICE, list(prices), [e.amount for e in rows], [e.currency for e in rows])
    last = {e.product_id: e for e in events if not isinstance(e, ProductPriceChanged)}
    gone = [product_id for product_id, event in last.items() if isinstance(event, ProductDeleted)]
    if gone:
        await tx.run(GONE, gone)


async def _learn(described: Sequence[Described], tx: Tx) -> None:
    ids = [e.product_id for e in described]
    on_sale = [e.status == "ACTIVE" and not e.option_names for e in described]
    await tx.run(
        LEARN, ids, [e.sku for e in described], [e.name for e in described], [e.category for e in described],
        [e.image for e in described], on_sale, [prose(e) for e in described],
    )  # fmt: skip
    about = {e.product_id: {EVERY_PRODUCT: 1.0, **terms(e)} for e in described}
    counts = Counter[str]()
    counts.subtract(row["term"] for row in await tx.all(FORGET_TERMS, ids))
    for weights in about.values():
        counts.update(weights.keys())
    await tx.run(LEARN_TERMS, *_columns(about))
    more, fewer = +counts, -counts
    await tx.run(COUNT, list(more), list(more.values()))
    if fewer:
        await tx.run(COUNT_DOWN, list(fewer), list(fewer.values()))


def _columns(about: dict[UUID, dict[str, float]]) -> tuple[list[str], list[UUID], list[float]]:
    rows = [(term, product_id, weight) for product_id, weights in about.items() for term, weight in weights.items()]
    return [term for term, _, _ in rows], [product_id for _, product_id, _ in rows], [weight for _, _, weight in rows]
