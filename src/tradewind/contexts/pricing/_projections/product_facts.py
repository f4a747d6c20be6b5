"""Keeps what prices, promotions and taxes ask of a product: its SKU and its category. Nobody else writes its table."""

from collections.abc import Sequence
from typing import Final

from tradewind.contracts.catalog import ProductCreated, ProductUpdated
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import projection

KEEP: Final = """
    INSERT INTO pricing.product_facts (product_id, sku, category, category_path)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    ON CONFLICT (product_id) DO UPDATE
        SET sku = excluded.sku, category = excluded.category, category_path = excluded.category_path
    WHERE (product_facts.sku, product_facts.category, product_facts.category_path)
        IS DISTINCT FROM (excluded.sku, excluded.category, excluded.category_path)
"""


@projection(table="pricing.product_facts")
async def product_facts(events: Sequence[ProductCreated | ProductUpdated], tx: Tx) -> None:
    """Each event says all of its product, so the last one of each counts."""
    last = {event.product_id: event for event in events}.values()
    tx.later(
        KEEP,
        [event.product_id for event in last],
        [event.sku for event in last],
        [event.category for event in last],
        ["/".join(event.category_path) for event in last],
    )
