"""Money: an integer of minor units and an ISO 4217 currency. Cents do not drift."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Self

from msgspec import Struct

from tradewind.kernel.errors import Invalid

# Minor-unit exponents that differ from 2 (ISO 4217, amendment 176).
_EXPONENTS = {
    **dict.fromkeys(("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF").split(), 0),
    **dict.fromkeys(("BHD IQD JOD KWD LYD OMR TND").split(), 3),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
MAX_DIGITS = 24
MAX_MINOR = 10**15
"""More than any order is worth; keeps every sum far inside a 64-bit column."""


class CurrencyMismatch(Invalid):
    """Amounts of different currencies do not add up."""


class NotMoney(Invalid):
    """The amount or the currency cannot be read as money."""


def exponent(currency: str) -> int:
    """How many decimal digits the currency's minor unit has."""
    return _EXPONENTS.get(currency, 2)


class Money(Struct, frozen=True, order=True):
    """An exact amount: `minor` is in the currency's smallest unit (cents, pence, yen)."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str | int | Decimal, currency: str) -> Self:
        """Read a decimal amount; refuses (NotMoney) more digits than the currency has, NaN and absurd sizes."""
        if not _CURRENCY.fullmatch(currency):
            raise NotMoney("The currency must be three capital letters of ISO 4217.", currency=currency[:16])
        try:
            exact = Decimal(amount)
        except InvalidOperation:
            raise NotMoney("The amount is not a decimal number.", amount=str(amount)[:32]) from None
        # Before any arithmetic: what has too many digits would be rounded, or overflow.
        if not exact.is_finite() or exact.adjusted() > MAX_DIGITS or len(exact.as_tuple().digits) > MAX_DIGITS:
            raise NotMoney("The amount is out of bounds.", amount=str(amount)[:32])
        scaled = exact.scaleb(exponent(currency))
        if abs(scaled) > MAX_MINOR or scaled != scaled.to_integral_value():
            raise NotMoney("The amount has too many digits for its currency.", amount=str(amount)[:32])
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        """The exact decimal amount, with the currency's own number of digits."""
        return _decimal(self.minor, self.currency)

    def __add__(self, other: Self) -> Self:
        if self.currency != other.currency:
            raise CurrencyMismatch(currencies=[self.currency, other.currency])
        return type(self)(self.minor + other.minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        return self + type(self)(-other.minor, other.currency)

    def times(self, quantity: int) -> Self:
        """This amount, `quantity` times."""
        return type(self)(self.minor * quantity, self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@lru_cache(maxsize=4096)
def _decimal(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; zero of `currency` where there is nothing to add."""
    return sum(amounts, Money(0, currency))
