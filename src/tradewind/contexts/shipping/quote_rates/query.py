"""The ways to send goods to a country, and what each costs."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from tradewind.api.postal import is_country
from tradewind.contexts.shipping._domain.countries import unavailable
from tradewind.contexts.shipping._store.rates import tariffs
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import Rate
from tradewind.kernel.errors import Invalid
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PIECES: Final = 100_000


class NoCarriage(Invalid):
    """Nobody carries goods there, or not for that currency."""


class QuoteRates(Command, frozen=True):
    """What does it cost to send so many pieces to `country`?"""

    country: str
    currency: str
    pieces: int = 1


class RateView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A way to send goods, before any promotion."""

    method: str
    label: str
    price: Decimal


class Rates(Struct, frozen=True, kw_only=True, rename="camel"):
    """Every way to send goods there, cheapest first."""

    country: str
    currency: str
    items: tuple[RateView, ...]


async def rates(tx: Tx, country: str, pieces: int, currency: str) -> Sequence[Rate]:
    """The rates for so many pieces; none where nobody carries them."""
    if pieces < 1 or unavailable({"country": country}):
        return ()
    return [tariff.of(pieces) for tariff in await tariffs(tx, country, currency)]


@query(action="shipping.quote_rates")
async def quote_rates(question: QuoteRates, tx: Tx) -> Rates:
    """Refuses (NoCarriage) a place that no carrier reaches, and what is no country."""
    country = question.country
    if not is_country(country):
        raise NoCarriage("There is no such country.", pointer="/country")
    found = await rates(tx, country, question.pieces, question.currency)
    if not found:
        why = unavailable({"country": country}) or f"there are no rates in {question.currency}"
        raise NoCarriage(f"{why[0].upper()}{why[1:]}.", pointer="/country")
    items = tuple(RateView(method=one.method, label=one.label, price=one.price.amount) for one in found)
    return Rates(country=country, currency=question.currency, items=items)
