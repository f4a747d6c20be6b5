"""Shoppers who look at their carts from within."""

from typing import Any
from uuid import UUID

import pytest_asyncio

from tests import shoppers
from tradewind.contexts.carts._domain.cart import Cart, fold
from tradewind.contexts.carts._store import carts


class Shopper(shoppers.Shopper):
    """Somebody with a shop to buy in, who also knows what the rows and the history of a cart say."""

    async def snapshot(self, cart_id: UUID) -> Cart:
        """The cart as its rows say."""
        return carts.from_row(await self.shop.db.pool.fetchrow(carts.READ, cart_id))

    async def folded(self, cart_id: UUID) -> Cart:
        """The cart as its history says."""
        async with self.shop.db.reading(self.call) as tx:
            return fold(cart_id, [event for _, event in await carts.history(tx, cart_id, 100_000)])

    async def pieces(self, cart_id: UUID) -> dict[str, int]:
        """How many of each, after seeing that history and snapshot agree."""
        cart = await self.snapshot(cart_id)
        assert cart == await self.folded(cart_id)
        return {line.sku: line.quantity for line in cart.lines}


@pytest_asyncio.fixture
async def shopper(shop: Any) -> Shopper:
    """A customer in an empty shop."""
    return Shopper(shop)
