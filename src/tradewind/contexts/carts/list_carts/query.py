"""The carts of one owner, newest first."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.carts._domain.cart import Status
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.pages import cut
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE: Final = 100
LIST: Final = """
    SELECT c.id, c.version, c.status, c.touched_at, c.order_id,
           (SELECT count(*) FROM carts.cart_items AS i WHERE i.cart_id = c.id AND NOT i.saved) AS lines
    FROM carts.carts AS c WHERE c.owner = $1 AND c.id < $2 AND ($3::text IS NULL OR c.status = $3)
    ORDER BY c.id DESC LIMIT $4
"""


class ListCarts(Command, frozen=True):
    """See your carts. `cursor` is `next` of the page before."""

    limit: int = 20
    cursor: UUID | None = None
    status: Status | None = None


class CartSummary(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A cart in a list."""

    id: UUID
    version: int
    status: Status
    lines: int
    touched_at: datetime
    order_id: UUID | None = None


class CartPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some carts, and where the next ones begin."""

    items: tuple[CartSummary, ...]
    next: UUID | None


@query(action="carts.list")
async def list_carts(command: ListCarts, tx: Tx) -> CartPage:
    """Only the caller's own."""
    limit = min(command.limit, MAX_PAGE)
    rows = await tx.all(LIST, tx.call.actor.subject, command.cursor or MAX_ID, command.status, limit + 1)
    shown, last = cut(rows, limit)
    items = tuple(CartSummary(**(dict(row) | {"status": Status(row["status"])})) for row in shown)
    return CartPage(items=items, next=last["id"] if last else None)
