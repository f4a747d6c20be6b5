"""What there will be to send, by the orders of the last days: for booking the vans of carriers."""

from datetime import date
from typing import Any, Final

from msgspec import Struct

from tradewind.contexts.shipping._store import expected
from tradewind.contexts.shipping._store.expected import KEPT_DAYS
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

DAYS: Final = 7


class ListExpected(Command, frozen=True):
    """See those of the last so many days (UTC), today among them; at most KEPT_DAYS."""

    days: int = DAYS


class Expected(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many orders of a day go to a country. ZZ: no address. `weightG`: what their pieces count for in carriage."""

    day: date
    country: str
    orders: int
    pieces: int
    weight_g: int


class ExpectedList(Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest day first, on each the country with most orders."""

    items: tuple[Expected, ...]


@query(action="shipping.pick")
async def list_expected(command: ListExpected, tx: Tx) -> ExpectedList:
    """By what was ordered; orders that were called off since are among them."""
    rows = await expected.since(tx, min(command.days, KEPT_DAYS))
    return ExpectedList(items=tuple(map(_expected, rows)))


def _expected(row: Any) -> Expected:
    return Expected(
        day=row["day"], country=row["country"], orders=row["orders"], pieces=row["pieces"], weight_g=row["grams"]
    )
