"""What a region taxes, at which rates, and where it rounds. Pure; a rate is in millionths (200000 is 20 %)."""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from tradewind.contexts.pricing._domain.rounding import Rounding
from tradewind.kernel.errors import Invalid

STANDARD: Final = "standard"
MAX_CLASSES: Final = 50
MAX_CLASS: Final = 40
_CLASS = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_REGION = re.compile(r"[A-Z0-9-]{0,10}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class InvalidTax(Invalid):
    """The tax rates break a rule. `errors` names each."""


class RoundingScope(StrEnum):
    """What is rounded: the tax of every line, or once for each rate the tax on all that it is due on."""

    LINE = "line"
    TOTAL = "total"


class TaxRegion(Struct, frozen=True, kw_only=True):
    """A country, or a region of one. `shipping_class` None: carriage is not taxed there."""

    country: str
    region: str = ""
    prices_include: bool
    rounding_scope: RoundingScope
    rounding_mode: Rounding
    shipping_class: str | None = None
    rates: Mapping[str, int]
    version: int = 1

    def rate(self, tax_class: str) -> tuple[str, int]:
        """The class whose rate counts (the standard one where this has none of its own), and the rate."""
        return (tax_class, self.rates[tax_class]) if tax_class in self.rates else (STANDARD, self.rates[STANDARD])


def check(region: TaxRegion) -> None:
    """Refuse (InvalidTax) what cannot be a region's taxes, with a pointer for every broken rule."""
    errors = []
    if not _COUNTRY.fullmatch(region.country):
        errors.append(_error("/country", "Expected two capital letters of ISO 3166."))
    if not _REGION.fullmatch(region.region):
        errors.append(_error("/region", "Expected at most 10 capital letters, digits or dashes."))
    if STANDARD not in region.rates:
        errors.append(_error("/rates", f"A region has a rate for the class {STANDARD!r}."))
    if len(region.rates) > MAX_CLASSES or not all(map(is_tax_class, region.rates)):
        errors.append(_error("/rates", f"Expected at most {MAX_CLASSES} classes with short names in small letters."))
    if not all(0 <= rate <= 1_000_000 for rate in region.rates.values()):
        errors.append(_error("/rates", "A rate is 0 to 100 per cent."))
    if region.shipping_class is not None and not is_tax_class(region.shipping_class):
        errors.append(_error("/shippingClass", "Expected the name of a tax class."))
    if errors:
        raise InvalidTax(errors=errors)


def is_tax_class(name: str) -> bool:
    """Whether `name` can be a tax class's."""
    return bool(_CLASS.fullmatch(name))


def as_percent(rate: int) -> Decimal:
    """Millionths as per cent, without idle digits."""
    percent = Decimal(rate).scaleb(-4)
    whole = percent.to_integral_value()
    return whole if whole == percent else percent.normalize()


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
