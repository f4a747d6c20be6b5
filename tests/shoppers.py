"""Shoppers: somebody with a shop to buy in, who fills carts, has them quoted and checks them out."""

from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from tests.builders import a_product
from tests.shops import Shop, a_call
from tradewind.contexts.carts.manifest import AddLine, OpenCart, QuoteCart, QuoteView
from tradewind.contracts.orders import OrderView, PlaceOrder, QuoteRef
from tradewind.contracts.pricing import PricingPeer
from tradewind.kernel.money import Money
from tradewind.runtime.call import Call

LONDON = {"country": "GB", "line1": "1 Main Street", "city": "London", "postal_code": "SW1A 1AA"}


@dataclass
class Shopper:
    """Somebody with a shop to buy in; a customer, unless told otherwise."""

    shop: Shop
    call: Call = field(default_factory=lambda: a_call("customer"))

    def as_guest(self) -> Self:
        """Another, who is a guest."""
        return type(self)(self.shop, a_call("guest"))

    def another(self, role: str = "customer") -> Self:
        """Another, with this role."""
        return type(self)(self.shop, a_call(role))

    async def does(self, command: Any) -> Any:
        """The answer to a command."""
        return await self.shop.dispatch(command, self.call)

    async def opens(self, **lines: int) -> UUID:
        """A new cart with so many of each product, which there are 10 of at 12.50; its id."""
        cart_id: UUID = (await self.does(OpenCart())).id
        for sku, quantity in lines.items():
            if not await self.value("SELECT count(*) FROM inventory.inventory_stock WHERE sku = $1", sku):
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

    async def sees_price(self, sku: str, minor: int) -> None:
        """From now on it costs so many cents."""
        async with self.shop.db.transaction(a_call("admin")) as tx:
            peer = tx.peer(PricingPeer)
            product_id = (await peer.prices(tx, [sku], []))[sku].product_id
            await peer.set_price(tx, product_id, sku, Money(minor, "EUR"), reason="test")

    async def value(self, sql: str, *args: Any) -> Any:
        """What the database says."""
        return await self.shop.db.pool.fetchval(sql, *args)

    async def told(self, kind: str) -> int:
        """How many events of carts of this type were told."""
        number: int = await self.value("SELECT count(*) FROM runtime.outbox WHERE type = $1", f"ecommerce.cart.{kind}")
        return number
