"""The ways to send goods to a country, and what each costs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from tradewind.api.postal import is_country
from tradewind.contexts.shipping._domain.countries import unavailable
from tradewind.contexts.shipping._domain.rates import DEFAULT_WEIGHT_G, cheapest
from tradewind.contexts.shipping._store.rates import tariffs
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import Rate
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PIECES: Final = 100_000
MAX_GRAMS: Final = 1_000_000_000


class NoCarriage(Invalid):
    """Nobody carries goods there, or not for that currency."""


class QuoteRates(Command, frozen=True):
    """What does it cost to send so many pieces to `country`? `weight_g`: of all; `amount`: what they are worth."""

    country: str
    currency: str
    pieces: int = 1
    weight_g: int | None = None
    amount: Decimal | None = None


class RateView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A way to send goods, before any promotion. It costs nothing once the goods come to `freeFrom`."""

    method: str
    label: str
    price: Decimal
    carrier: str
    free_from: Decimal | None


class Rates(Struct, frozen=True, kw_only=True, rename="camel"):
    """Every way to send goods there, cheapest first."""

    country: str
    currency: str
    items: tuple[RateView, ...]


async def rates(tx: Tx, country: str, quantities: Mapping[str, int], currency: str) -> Sequence[Rate]:
    """The rates for these goods (SKU to pieces); none where nobody carries them."""
    pieces = sum(quantities.values())
    if pieces < 1 or unavailable({"country": country}):
        return ()
    found, grams = await tariffs(tx, country, currency, quantities)
    return cheapest([tariff.of(pieces, grams) for tariff in found])


@query(action="shipping.quote_rates")
async def quote_rates(question: QuoteRates, tx: Tx) -> Rates:
    """Refuses (NoCarriage) a place that no carrier reaches, and what is no country; NotMoney."""
    country, currency = question.country, question.currency
    if not is_country(country):
        raise NoCarriage("There is no such country.", pointer="/country")
    worth = Money.parse(question.amount or 0, currency)
    if why := unavailable({"country": country}):
        raise NoCarriage(f"{why[0].upper()}{why[1:]}.", pointer="/country")
    known, _ = await tariffs(tx, country, currency)
    grams = question.weight_g or question.pieces * DEFAULT_WEIGHT_G
    found = cheapest([tariff.of(question.pieces, grams) for tariff in known])
    if not found:
        why = "it is too heavy for every carrier" if known else f"there are no rates in {currency}"
        raise NoCarriage(f"{why[0].upper()}{why[1:]}.", pointer="/country")
    items = tuple(_view(one, worth) for one in found)
    return Rates(country=country, currency=currency, items=items)


def _view(rate: Rate, worth: Money) -> RateView:
    return RateView(
        method=rate.method,
        label=rate.label,
        price=rate.for_goods(worth).amount,
        carrier=rate.carrier,
        free_from=rate.free_from.amount if rate.free_from else None,
    )
