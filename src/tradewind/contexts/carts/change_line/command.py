"""Change how many of something are in a cart, or take it out."""

from uuid import UUID

from tradewind.contexts.carts._domain.views import CartView
from tradewind.contexts.carts._store.changing import change
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ChangeLine(Command, frozen=True):
    """So many of it from now on; only if the cart is at `version`, where one is given."""

    cart_id: UUID
    sku: str
    quantity: int
    version: int | None = None


class RemoveLine(Command, frozen=True):
    """None of it any more; only if the cart is at `version`, where one is given."""

    cart_id: UUID
    sku: str
    version: int | None = None


@handler(action="carts.change")
async def change_line(command: ChangeLine, tx: Tx) -> CartView:
    """The cart after it; refuses with NoSuchCart, NoSuchLine, Outdated, CartFull and CartClosed."""
    return await change(
        tx, command.cart_id, command.version, lambda cart: cart.change(command.sku, command.quantity),
        sku=command.sku, quantity=command.quantity,
    )  # fmt: skip


@handler(action="carts.change")
async def remove_line(command: RemoveLine, tx: Tx) -> CartView:
    """The cart without it; refuses with NoSuchCart, NoSuchLine, Outdated and CartClosed."""
    return await change(tx, command.cart_id, command.version, lambda cart: cart.remove(command.sku), sku=command.sku)
