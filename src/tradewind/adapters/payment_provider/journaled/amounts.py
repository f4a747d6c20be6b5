"""Money in a provider's own minor units, where those are not the ones of ISO 4217."""

from collections.abc import Mapping
from typing import Final

from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money, exponent

STRIPE: Final[Mapping[str, int]] = {"ISK": 2, "UGX": 2}
"""https://docs.stripe.com/currencies, special cases: written with two digits, although they have none."""
STRIPE_ROUNDED: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Three digits, of which the last must be 0."""
ADYEN: Final[Mapping[str, int]] = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
"""https://docs.adyen.com/development-resources/currency-codes, those that differ from the standard."""


def minor_units(money: Money, differing: Mapping[str, int]) -> int:
    """The amount as the provider counts it. Raises Invalid for what it cannot express."""
    digits = exponent(money.currency)
    theirs = differing.get(money.currency, digits)
    if theirs >= digits:
        scale: int = 10 ** (theirs - digits)
        return money.minor * scale
    coarser: int = 10 ** (digits - theirs)
    whole, rest = divmod(money.minor, coarser)
    if rest:
        raise Invalid("The payment provider takes no such fraction of this currency.", currency=money.currency)
    return whole


def stripe_minor(money: Money) -> int:
    """As Stripe counts."""
    if money.currency in STRIPE_ROUNDED and money.minor % 10:
        raise Invalid("The payment provider takes no such fraction of this currency.", currency=money.currency)
    return minor_units(money, STRIPE)


def adyen_minor(money: Money) -> int:
    """As Adyen counts."""
    return minor_units(money, ADYEN)
