"""A shelf to test with: what the slices' tests ask of a shop, said shortly."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest_asyncio

from tests.shops import a_call
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.create_product.command import CreateProduct

WRITTEN = """
    SELECT (SELECT coalesce(sum(hashtextextended(p::text, 0)), 0) FROM catalog.products AS p),
        (SELECT coalesce(sum(hashtextextended(c::text, 0)), 0) FROM catalog.categories AS c),
        (SELECT coalesce(sum(hashtextextended(i::text, 0)), 0) FROM catalog.images AS i),
        (SELECT count(*) FROM runtime.outbox), (SELECT count(*) FROM runtime.audit_entry),
        (SELECT count(*) FROM pricing.product_price_history), (SELECT count(*) FROM pricing.withheld)
"""
TOLD = "SELECT type, payload::text AS payload FROM runtime.outbox WHERE key = $1 ORDER BY position"


class Shelf:
    """A shop's catalog, as a merchandiser works with it."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop

    async def product(self, sku: str = "LAMP", **different: Any) -> ProductView:
        """A new product."""
        usual = {"sku": sku, "name": "Lamp", "category": "light", "amount": Decimal("2.55"), "currency": "EUR"}
        view: ProductView = await self.do(CreateProduct(**{**usual, **different}))
        return view

    async def do(self, command: Any, role: str = "merchandiser") -> Any:
        """The answer to a command."""
        return await self.shop.dispatch(command, a_call(role))

    async def written(self) -> tuple[Any, ...]:
        """What changes whenever anything is written."""
        return tuple(await self.shop.db.pool.fetchrow(WRITTEN))

    async def told(self, key: UUID) -> list[str]:
        """The last parts of the types of what was told of something."""
        return [".".join(row["type"].split(".")[2:4]) for row in await self.shop.db.pool.fetch(TOLD, str(key))]


@pytest_asyncio.fixture
async def shelf(shop: Any) -> Shelf:
    """The catalog of a shop that answers commands."""
    return Shelf(shop)
