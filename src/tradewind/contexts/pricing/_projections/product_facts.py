"""Keeps what prices, promotions and taxes ask of a product: its SKU and its category."""

from collections.abc import Sequence

from tradewind.contexts.pricing._store import facts
from tradewind.contracts.catalog import ProductCreated, ProductUpdated
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import projection


@projection(table="pricing.product_facts")
async def product_facts(events: Sequence[ProductCreated | ProductUpdated], tx: Tx) -> None:
    """Each event says all of its product, so the last one of each counts."""
    facts.keep(tx, list({event.product_id: event for event in events}.values()))
