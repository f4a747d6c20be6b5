"""What happened to a cart, and how it stood at any version (S1-65)."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contexts.carts._domain.cart import MAX_CHANGES, NoSuchCart, fold
from tradewind.contexts.carts._domain.events import CartEvent
from tradewind.contexts.carts._domain.views import CartView, view
from tradewind.contexts.carts._store import carts
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

LATEST: Final = 2 * MAX_CHANGES
"""Beyond the last version of any cart."""


class ReplayCart(Command, frozen=True):
    """See how a cart stood at version `at` (as it is, where there is none), and at most `limit` events until then,
    newest first, those before `cursor`."""

    cart_id: UUID
    at: int | None = None
    limit: int = 100
    cursor: int | None = None


class Happened(Struct, frozen=True, kw_only=True, rename="camel"):
    """One event of a cart. `by` is who did it, `body` what it says."""

    version: int
    type: str
    at: datetime
    by: str
    body: dict[str, Any]


class CartHistory(Struct, frozen=True, kw_only=True, rename="camel"):
    """How the cart stood, and how it came to that. `next` is the cursor of the following page."""

    cart: CartView
    events: tuple[Happened, ...]
    next: int | None


@query(action="carts.replay")
async def replay_cart(command: ReplayCart, tx: Tx) -> CartHistory:
    """Folded from the events alone, not read from the snapshot; refuses NoSuchCart. For support."""
    known = await carts.history(tx, command.cart_id, command.at or LATEST)
    if not known:
        raise NoSuchCart(cartId=str(command.cart_id))
    cart = fold(command.cart_id, (event for _, event in known))
    before = command.cursor or LATEST
    page = [pair for pair in reversed(known) if pair[0]["version"] < before][: command.limit]
    events = tuple(_happened(row, event) for row, event in page)
    more = bool(events) and events[-1].version > 1
    return CartHistory(cart=view(cart), events=events, next=events[-1].version if more else None)


def _happened(row: Any, event: CartEvent) -> Happened:
    body: dict[str, Any] = msgspec.to_builtins(event)
    return Happened(version=row["version"], type=row["type"], at=row["at"], by=row["by"], body=body)
