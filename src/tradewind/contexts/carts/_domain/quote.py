"""What must be so before a cart is quoted. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from email_validator import EmailNotValidError, validate_email

from tradewind.contexts.carts._domain.cart import Cart, Line
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.shipping import Rate
from tradewind.kernel.errors import Conflict, Invalid, Throttled

MAX_COUPONS: Final = 10
MAX_LIVE_QUOTES: Final = 20
"""Quotes of one cart at one version that are good at the same time."""
MAX_EMAIL: Final = 254
PICKUP: Final = "pickup"
"""The method by which nothing is sent: the buyer comes."""


class EmptyCart(Conflict):
    """There is nothing in the cart to quote."""


class MixedCurrencies(Conflict):
    """The cart's goods are priced in several currencies; say in which it is to be quoted. `currencies` lists them."""


class EmailNeeded(Invalid):
    """A guest must give an e-mail address, one that mail can be sent to."""


class NoCarriage(Invalid):
    """Nobody carries these goods there, or not in that way. `methods` lists the ways there are."""


class TooManyQuotes(Throttled):
    """The cart has been quoted often enough; one of the quotes will do, or come back when they have expired."""


def quotable(cart: Cart) -> tuple[Line, ...]:
    """What is to be quoted; refuses EmptyCart."""
    if not cart.wanted:
        raise EmptyCart
    return cart.wanted


def currency_of(lines: Sequence[Line], asked: str | None) -> str:
    """The one currency of the quote: that which was asked for, or the goods' own. Refuses MixedCurrencies."""
    own = sorted({line.price.currency for line in lines})
    if asked is None and len(own) > 1:
        raise MixedCurrencies(currencies=own)
    return asked or own[0]


def enough(quantities: Mapping[str, int], available: Mapping[str, int]) -> None:
    """Refuse (NotEnoughStock) what is not there now, by name. Nothing is held by asking."""
    short = sorted(sku for sku, quantity in quantities.items() if available.get(sku, 0) < quantity)
    if short:
        raise NotEnoughStock(f"Not enough in stock: {', '.join(short)}.", skus=short)


def chosen(rates: Sequence[Rate], method: str, country: str) -> Rate:
    """The rate of the way that was chosen; refuses NoCarriage."""
    for rate in rates:
        if rate.method == method:
            return rate
    methods = [rate.method for rate in rates]
    if not methods:
        raise NoCarriage(f"Nobody carries goods to {country}.", pointer="/shippingAddress/country", methods=[])
    raise NoCarriage(f"Goods do not go to {country} by {method}.", pointer="/shippingMethod", methods=methods)


def reachable(email: str | None, *, needed: bool) -> str | None:
    """The address in normal form (lower case); refuses EmailNeeded. Nobody's name server is asked."""
    if email is None and not needed:
        return None
    try:
        read = validate_email(
            (email or "").strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError:
        raise EmailNeeded(pointer="/email") from None
    assert read.ascii_email is not None, "without SMTPUTF8 every address has an ASCII form"
    return read.ascii_email.lower()
