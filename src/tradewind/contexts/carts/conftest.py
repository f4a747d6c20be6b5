"""Carts to test with."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest_asyncio

from tests.builders import a_product
from tests.shops import Shop, a_call
from tradewind.contexts.carts._domain.cart import Cart, fold
from tradewind.contexts.carts._store import carts
from tradewind.contexts.carts.add_line.command import AddLine
from tradewind.contexts.carts.open_cart.command import OpenCart
from tradewind.contexts.carts.quote_cart.command import QuoteCart, QuoteView
from tradewind.contracts.orders import OrderView, PlaceOrder, QuoteRef
from tradewind.runtime.call import Call

LONDON = {"country": "GB", "line1": "1 Main Street", "city": "London", "postal_code": "SW1A 1AA"}


@dataclass
class Shopper:
    """Somebody with a shop to buy in."""

    shop: Shop
    call: Call = field(default_factory=lambda: a_call("customer"))

    def as_guest(self) -> "Shopper":
        """Another, who is a guest."""
        return Shopper(self.shop, a_call("guest"))

    def another(self) -> "Shopper":
        """Another customer."""
        return Shopper(self.shop)

    async def does(self, command: Any) -> Any:
        """The answer to a command."""
        return await self.shop.dispatch(command, self.call)

    async def opens(self, **lines: int) -> UUID:
        """A new cart with so many of each product, which there are 10 of at 12.50; its id."""
        cart_id: UUID = (await self.does(OpenCart())).id
        for sku, quantity in lines.items():
            if not await self.value("SELECT count(*) FROM pricing.product_price_history WHERE sku = $1", sku):
                await a_product(self.shop, sku)
            await self.does(AddLine(cart_id=cart_id, sku=sku, quantity=quantity))
        return cart_id

    async def quotes(self, cart_id: UUID, **other: Any) -> QuoteView:
        """A quote that sends it to London."""
        wish: dict[str, Any] = {"shipping_address": LONDON, "shipping_method": "standard", "email": "a@b.test", **other}
        seen: QuoteView = await self.does(QuoteCart(cart_id=cart_id, **wish))
        return seen

    async def checks_out(self, cart_id: UUID, token: str) -> OrderView:
        """The order."""
        quote = QuoteRef(cart_id=cart_id, token=token)
        order: OrderView = await self.does(PlaceOrder(quote=quote, payment_method="simulated:approve"))
        return order

    async def value(self, sql: str, *args: Any) -> Any:
        """What the database says."""
        return await self.shop.db.pool.fetchval(sql, *args)

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

    async def told(self, kind: str) -> int:
        """How many events of this type were told."""
        number: int = await self.value("SELECT count(*) FROM runtime.outbox WHERE type = $1", f"ecommerce.cart.{kind}")
        return number


@pytest_asyncio.fixture
async def shopper(shop: Shop) -> Shopper:
    """A customer in an empty shop."""
    return Shopper(shop)
