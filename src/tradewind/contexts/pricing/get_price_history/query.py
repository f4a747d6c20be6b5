"""Every price that a product had."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.price import NoSuchPrice
from tradewind.contexts.pricing._store import prices
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money
from tradewind.kernel.pages import cut
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 50
MAX_PAGE: Final = 200
"""Prices on one page: unless told, and at most."""


class GetPriceHistory(Command, frozen=True):
    """At most `limit` prices of a product, those older than `cursor` where it is given."""

    product_id: UUID
    limit: int = PAGE
    cursor: int | None = None


class PastPrice(Struct, frozen=True, kw_only=True, rename="camel"):
    """What counted from `valid_from` until `valid_to`; the price that counts now has no end."""

    amount: Decimal
    currency: str
    valid_from: datetime
    valid_to: datetime | None
    reason: str
    changed_by: str


class PriceHistory(Struct, frozen=True, kw_only=True, rename="camel"):
    """Prices, newest first. `next` is the cursor of the following page, if there is one."""

    items: tuple[PastPrice, ...]
    next: int | None


@query(action="pricing.get_price_history")
async def get_price_history(command: GetPriceHistory, tx: Tx) -> PriceHistory:
    """A page of the history; refuses with NoSuchPrice, and Invalid for a limit that no page has."""
    if not 1 <= command.limit <= MAX_PAGE:
        raise Invalid(f"A page has 1 to {MAX_PAGE} prices.", pointer="/limit")
    rows = await prices.history(tx, command.product_id, command.cursor, command.limit + 1)
    if not rows and command.cursor is None:
        raise NoSuchPrice(product_id=str(command.product_id))
    shown, last = cut(rows, command.limit)
    return PriceHistory(items=tuple(map(_past, shown)), next=last["id"] if last else None)


def _past(row: Any) -> PastPrice:
    money = Money(row["amount_minor"], row["currency"])
    return PastPrice(
        amount=money.amount,
        currency=money.currency,
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        reason=row["reason"],
        changed_by=row["changed_by"],
    )
