"""Every override that a product had, and the one that counts."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._store import overrides
from tradewind.contracts.messages import Command
from tradewind.kernel.money import Money
from tradewind.kernel.pages import cut
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 50
MAX_PAGE: Final = 200
"""Overrides on one page: unless told, and at most."""


class ListPriceOverrides(Command, frozen=True):
    """At most `limit` overrides of a product, those older than `cursor` where it is given."""

    product_id: UUID
    limit: int = PAGE
    cursor: int | None = None


class PastOverride(Struct, frozen=True, kw_only=True, rename="camel"):
    """What counted from `since` on. One with neither an end nor an `until` that is past counts now."""

    amount: Decimal
    currency: str
    reason: str
    since: datetime
    set_by: str
    until: datetime | None
    ended_at: datetime | None
    ended_by: str | None


class PriceOverrides(Struct, frozen=True, kw_only=True, rename="camel"):
    """Overrides, newest first. `next` is the cursor of the following page, if there is one."""

    items: tuple[PastOverride, ...]
    next: int | None


@query(action="pricing.list_price_overrides")
async def list_price_overrides(command: ListPriceOverrides, tx: Tx) -> PriceOverrides:
    """A page of the history; empty for a product that never had one."""
    limit = min(command.limit, MAX_PAGE)
    rows = await overrides.history(tx, command.product_id, command.cursor, limit + 1)
    shown, last = cut(rows, limit)
    return PriceOverrides(items=tuple(map(_past, shown)), next=last["id"] if last else None)


def _past(row: Any) -> PastOverride:
    return PastOverride(
        amount=Money(row["amount_minor"], row["currency"]).amount,
        currency=row["currency"],
        reason=row["reason"],
        since=row["set_at"],
        set_by=row["set_by"],
        until=row["until"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
    )
