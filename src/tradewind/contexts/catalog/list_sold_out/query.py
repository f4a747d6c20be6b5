"""What is sold out and since when, longest first: for ordering again, or taking it off the shelf."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.catalog.get_product.query import SEE_ALL
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import FIRST_MOMENT, Keyset, Moment, Text
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 50
MAX_PAGE: Final = 200
_START: Final[tuple[datetime, str]] = (FIRST_MOMENT, "")
LONGEST: Final = Keyset("sold out", tuple[Moment, Text], _START)
LIST: Final = """
    SELECT s.sku, p.id, p.name, s.since
    FROM catalog.sold_out AS s JOIN catalog.availability AS a ON a.sku = s.sku
    JOIN catalog.products AS p ON p.sku = s.sku
    WHERE (s.since, s.sku) > ($1, $2) AND a.available <= 0 AND p.status = 'ACTIVE'
    ORDER BY s.since, s.sku LIMIT $3
"""


class ListSoldOut(Command, frozen=True):
    """At most `limit` after `cursor`."""

    limit: int = PAGE
    cursor: str | None = None


class SoldOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """Nothing more of an ACTIVE product can be promised, since then."""

    id: UUID
    sku: str
    name: str
    since: datetime


class SoldOutPage(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Some of them. `next` leads to those that follow."""

    items: tuple[SoldOut, ...]
    next: str | None = None


@query(action=SEE_ALL)
async def list_sold_out(command: ListSoldOut, tx: Tx) -> SoldOutPage:
    """By what inventory told; a moment late. Refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    rows = list(await tx.all(LIST, *LONGEST.after(command.cursor), limit + 1))
    shown, next_ = LONGEST.page(rows, limit, lambda row: (row["since"], row["sku"]))
    items = tuple(SoldOut(id=row["id"], sku=row["sku"], name=row["name"], since=row["since"]) for row in shown)
    return SoldOutPage(items=items, next=next_)
