"""PUT /api/v1/tax-rates."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, put
from tradewind.contexts.pricing._domain.rounding import Rounding
from tradewind.contexts.pricing._domain.tax_view import TaxRates, millionths
from tradewind.contexts.pricing._domain.taxes import MAX_CLASS, MAX_CLASSES, InvalidTax, RoundingScope, TaxRegion
from tradewind.contexts.pricing.set_taxes.command import SetTaxes
from tradewind.kernel.versions import Outdated

ClassName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]*$", max_length=MAX_CLASS)]


class NewTaxRates(Body, frozen=True):
    """Every rate of a country, or of a region of it. The class `standard` counts where another has no rate."""

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    prices_include_tax: bool
    rates: Annotated[dict[str, Decimal], Meta(min_length=1, max_length=MAX_CLASSES)]
    region: Annotated[str, Meta(pattern="^[A-Z0-9-]*$", max_length=10)] = ""
    rounding_scope: RoundingScope = RoundingScope.TOTAL
    rounding_mode: Rounding = Rounding.HALF_UP
    shipping_class: ClassName | None = None


@put("/api/v1/tax-rates", raises=(InvalidTax, Outdated))
async def set_taxes(body: NewTaxRates, call: Call, dispatch: Dispatch, if_match: IfMatch = None) -> TaxRates:
    """Write what a country or a region taxes, whether prices include it, and how it is rounded."""
    region = TaxRegion(
        country=body.country,
        region=body.region,
        prices_include=body.prices_include_tax,
        rounding_scope=body.rounding_scope,
        rounding_mode=body.rounding_mode,
        shipping_class=body.shipping_class,
        rates=millionths(body.rates),
    )
    answer: TaxRates = await dispatch(SetTaxes(taxes=region, expected=if_match), call)
    return answer
