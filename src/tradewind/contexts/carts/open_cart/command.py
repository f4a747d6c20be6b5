"""Open a cart."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.carts._domain.events import CartOpened
from tradewind.contexts.carts._store import carts
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler
from tradewind.runtime.telemetry import metrics

MAX_OPEN: Final = 1_000
"""Open carts of one owner."""


class TooManyCarts(Conflict):
    """Nobody needs so many open carts. `limit` says how many there may be."""


class OpenCart(Command, frozen=True):
    """Somebody takes a cart."""


class OpenedCart(Struct, frozen=True, kw_only=True, rename="camel"):
    """A new, empty cart."""

    id: UUID
    version: int


@handler(action="carts.open")
async def open_cart(_command: OpenCart, tx: Tx) -> OpenedCart:
    """A new cart of the caller's own; refuses with TooManyCarts."""
    cart_id, actor = new_id(), tx.call.actor
    event = CartOpened(owner=actor.subject, guest="guest" in actor.roles)
    if not await carts.open_cart(tx, cart_id, event, MAX_OPEN):
        raise TooManyCarts(limit=MAX_OPEN)
    tx.audit("carts.open", str(cart_id))
    tx.on_commit.append(metrics.carts_opened_total.inc)
    return OpenedCart(id=cart_id, version=1)
