"""What other contexts may ask the catalog."""

from typing import Any
from uuid import UUID

from tradewind.contexts.catalog._store import products


class Catalog:
    """Answers to CatalogPeer."""

    async def identify(self, tx: Any, sku: str) -> UUID | None:
        """The product that carries `sku`; None where there is none."""
        return await products.identify(tx, sku)
