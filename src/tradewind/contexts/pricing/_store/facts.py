"""The SQL of pricing.product_facts."""

from collections.abc import Sequence
from typing import Final

from tradewind.contracts.catalog import ProductCreated, ProductUpdated
from tradewind.runtime.database import Tx

KEEP: Final = """
    INSERT INTO pricing.product_facts (product_id, sku, category, category_path)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    ON CONFLICT (product_id) DO UPDATE
        SET sku = excluded.sku, category = excluded.category, category_path = excluded.category_path
    WHERE (product_facts.sku, product_facts.category, product_facts.category_path)
        IS DISTINCT FROM (excluded.sku, excluded.category, excluded.category_path)
"""


def keep(tx: Tx, events: Sequence[ProductCreated | ProductUpdated]) -> None:
    """What these say of their products; each product once."""
    tx.later(
        KEEP,
        [event.product_id for event in events],
        [event.sku for event in events],
        [event.category for event in events],
        ["/".join(event.category_path) for event in events],
    )
