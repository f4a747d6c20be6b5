"""Put something into a cart."""

from uuid import UUID

from tradewind.contexts.carts._domain.views import CartView
from tradewind.contexts.carts._store.changing import change
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import UnknownProduct
from tradewind.contracts.pricing import PricingPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class AddLine(Command, frozen=True):
    """So many more of `sku`. Without `version` it is simply added, whatever others do to the cart meanwhile."""

    cart_id: UUID
    sku: str
    quantity: int
    version: int | None = None


@handler(action="carts.change")
async def add_line(command: AddLine, tx: Tx) -> CartView:
    """The cart with it; refuses with NoSuchCart, UnknownProduct, Outdated, CartFull and CartClosed. Holds no stock."""
    prices = await tx.peer(PricingPeer).prices(tx, [command.sku], [])
    price = prices.get(command.sku)
    if price is None:
        raise UnknownProduct(f"Not sold here: {command.sku}.", skus=[command.sku], pointer="/sku")
    return await change(
        tx, command.cart_id, command.version, lambda cart: cart.add(price, command.quantity),
        sku=command.sku, quantity=command.quantity,
    )  # fmt: skip
