"""A region's taxes as staff see and write them: rates in per cent."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from tradewind.contexts.pricing._domain.rounding import Rounding
from tradewind.contexts.pricing._domain.taxes import InvalidTax, RoundingScope, TaxRegion, as_percent


class TaxRates(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a country (or with `region` a part of it) taxes. `rates` are per cent by tax class."""

    country: str
    region: str
    prices_include_tax: bool
    rounding_scope: RoundingScope
    rounding_mode: Rounding
    shipping_class: str | None
    rates: Mapping[str, Decimal]
    version: int


def view(region: TaxRegion) -> TaxRates:
    """As it is shown."""
    return TaxRates(
        country=region.country,
        region=region.region,
        prices_include_tax=region.prices_include,
        rounding_scope=region.rounding_scope,
        rounding_mode=region.rounding_mode,
        shipping_class=region.shipping_class,
        rates={name: as_percent(rate) for name, rate in sorted(region.rates.items())},
        version=region.version,
    )


def millionths(rates: Mapping[str, Decimal]) -> dict[str, int]:
    """Per cent as millionths; refuses (InvalidTax) what is no rate, or finer than four decimals."""
    found = {}
    for name, percent in rates.items():
        exponent = percent.as_tuple().exponent
        if not isinstance(exponent, int) or not -4 <= exponent <= 2 or not 0 <= percent <= 100:
            detail = "A rate is 0 to 100 per cent with 4 decimals at most."
            raise InvalidTax(errors=[{"pointer": f"/rates/{name}", "detail": detail}])
        found[name] = int(percent * 10_000)
    return found
