"""How every change of a cart goes: hold it, compare versions, let the cart decide, write, note it in the trail."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from tradewind.contexts.carts._domain.cart import Cart
from tradewind.contexts.carts._domain.events import CartEvent
from tradewind.contexts.carts._domain.views import CartView, view
from tradewind.contexts.carts._store import carts
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx


async def change(
    tx: Tx, cart_id: UUID, expected: int | None, decide: Callable[[Cart], CartEvent | None], **facts: Any
) -> CartView:
    """The cart after what `decide` decided. Refuses NoSuchCart, Outdated where `expected` is another version than
    that of the cart, and whatever the cart itself refuses; then nothing is written."""
    cart = await carts.hold(tx, cart_id)
    expect(expected, cart.version)
    event = decide(cart)
    if event is None:
        return view(cart)
    after = carts.write(tx, cart, [event])
    tx.audit(f"carts.{type(event).__name__}", str(cart_id), version=after.version, **facts)
    return view(after)
