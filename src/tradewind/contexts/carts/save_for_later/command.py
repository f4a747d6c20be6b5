"""Put something aside, and take it back."""

from uuid import UUID

from tradewind.contexts.carts._domain.views import CartView
from tradewind.contexts.carts._store.changing import change
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class SaveForLater(Command, frozen=True):
    """Not now; only if the cart is at `version`, where one is given."""

    cart_id: UUID
    sku: str
    version: int | None = None


class MoveBack(Command, frozen=True):
    """Now after all; only if the cart is at `version`, where one is given."""

    cart_id: UUID
    sku: str
    version: int | None = None


@handler(action="carts.change")
async def save_for_later(command: SaveForLater, tx: Tx) -> CartView:
    """The cart with the line aside; refuses with NoSuchCart, NoSuchLine, Outdated and CartClosed."""
    return await change(tx, command.cart_id, command.version, lambda cart: cart.save(command.sku), sku=command.sku)


@handler(action="carts.change")
async def move_back(command: MoveBack, tx: Tx) -> CartView:
    """The cart with the line in it; refuses with NoSuchCart, NoSuchLine, Outdated and CartClosed."""
    return await change(tx, command.cart_id, command.version, lambda cart: cart.move_back(command.sku), sku=command.sku)
