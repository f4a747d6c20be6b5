"""PUT and GET /api/v1/shipping/tariffs, PUT /api/v1/shipping/zones/{country}."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, get, put
from tradewind.contexts.shipping._domain.parcel import MAX_WEIGHT_G
from tradewind.contexts.shipping._domain.rates import MAX_STEPS, InvalidTariff, Method, Tariff, WeightStep, Zone
from tradewind.contexts.shipping.set_rates.command import (
    ListTariffs,
    NoSuchCountry,
    SetTariff,
    SetZone,
    TariffList,
    TariffView,
    ZoneView,
)
from tradewind.kernel.money import Money, NotMoney

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class NewStep(Body, frozen=True):
    """Up to so many grams it costs so much."""

    up_to_g: Annotated[int, Meta(ge=1, le=MAX_WEIGHT_G)]
    price: Decimal


class NewTariff(Body, frozen=True):
    """What a carrier takes: `flat` for the first piece, so much for each further one and for each begun kilogram; or by
    `steps` of weight. Nothing once the goods come to `freeFrom`."""

    zone: Zone
    method: Method
    currency: Currency
    carrier: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]*$", max_length=40)] = "house"
    flat: Decimal = Decimal(0)
    per_piece: Decimal = Decimal(0)
    per_kg: Decimal = Decimal(0)
    free_from: Decimal | None = None
    steps: Annotated[tuple[NewStep, ...], Meta(max_length=MAX_STEPS)] = ()

    def tariff(self) -> Tariff:
        """As the shop knows it; refuses NotMoney."""
        return Tariff(
            method=self.method.value,
            carrier=self.carrier,
            flat=Money.parse(self.flat, self.currency),
            per_piece=Money.parse(self.per_piece, self.currency),
            per_kg=Money.parse(self.per_kg, self.currency),
            free_from=None if self.free_from is None else Money.parse(self.free_from, self.currency),
            steps=tuple(WeightStep(one.up_to_g, Money.parse(one.price, self.currency)) for one in self.steps),
        )


class NewZone(Body, frozen=True):
    """How far away a country is."""

    zone: Zone


@put("/api/v1/shipping/tariffs", raises=(InvalidTariff, NotMoney))
async def set_tariff(body: NewTariff, call: Call, dispatch: Dispatch) -> TariffView:
    """Write what a carrier takes, in a zone and a currency, for a way to send goods. For merchandisers."""
    answer: TariffView = await dispatch(SetTariff(zone=body.zone, tariff=body.tariff()), call)
    return answer


@get("/api/v1/shipping/tariffs")
async def list_tariffs(call: Call, dispatch: Dispatch, currency: Currency = "EUR") -> TariffList:
    """See what carriers take, in a currency. For merchandisers."""
    answer: TariffList = await dispatch(ListTariffs(currency=currency), call)
    return answer


@put("/api/v1/shipping/zones/{country}", raises=(NoSuchCountry,))
async def set_zone(
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")], body: NewZone, call: Call, dispatch: Dispatch
) -> ZoneView:
    """Write how far away a country is; what nobody wrote of is far. For merchandisers."""
    answer: ZoneView = await dispatch(SetZone(country=country, zone=body.zone), call)
    return answer
