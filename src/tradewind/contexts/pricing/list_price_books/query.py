"""The price books, oldest first."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.price_book import PriceBook
from tradewind.contexts.pricing._store import price_books
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import cut
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 50
MAX_PAGE: Final = 200


class ListPriceBooks(Command, frozen=True):
    """At most `limit` books after `cursor`."""

    limit: int = PAGE
    cursor: UUID | None = None


class PriceBooks(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some books, and where the next ones begin."""

    items: tuple[PriceBook, ...]
    next: UUID | None


@query(action="pricing.list_price_books")
async def list_price_books(command: ListPriceBooks, tx: Tx) -> PriceBooks:
    """A page of them."""
    limit = min(command.limit, MAX_PAGE)
    rows = await tx.all(price_books.LIST, command.cursor, limit + 1)
    shown, last = cut(rows, limit)
    return PriceBooks(items=tuple(PriceBook(**dict(row)) for row in shown), next=last["id"] if last else None)
