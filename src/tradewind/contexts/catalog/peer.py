"""What other contexts may ask the catalog."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.contexts.catalog._projections.inventory_snapshot import shown
from tradewind.contexts.catalog._store import products


class Catalog:
    """Answers to CatalogPeer."""

    async def identify(self, tx: Any, sku: str) -> UUID | None:
        """The product that carries `sku`; None where there is none."""
        return await products.identify(tx, sku)

    async def available(self, tx: Any, skus: Sequence[str]) -> Mapping[str, int]:
        """How many of each SKU can still be promised, as far as inventory was heard."""
        return await shown(tx, skus)

    async def named(self, tx: Any, words: Sequence[str], many: int) -> Sequence[str]:
        """At most `many` SKUs whose products' names have a word that begins like each of these, sold or no more."""
        return await products.named(tx, words, many)
