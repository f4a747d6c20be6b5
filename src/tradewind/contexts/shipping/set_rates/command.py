"""Say what carriage costs, and how far away countries are. It counts for every quote from now on."""

from decimal import Decimal

from msgspec import Struct

from tradewind.api.postal import is_country
from tradewind.contexts.shipping._domain.rates import Tariff, Zone
from tradewind.contexts.shipping._store import rates
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler, query


class NoSuchCountry(NotFound):
    """There is no such country."""


class SetTariff(Command, frozen=True):
    """What a carrier takes, in a zone, for a way to send goods."""

    zone: Zone
    tariff: Tariff


class SetZone(Command, frozen=True):
    """How far away a country is."""

    country: str
    zone: Zone


class ListTariffs(Command, frozen=True):
    """Every tariff in a currency."""

    currency: str


class StepView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Up to so many grams it costs so much."""

    up_to_g: int
    price: Decimal


class TariffView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a carrier takes: calculated, or by `steps` of weight; nothing once the goods come to `freeFrom`."""

    zone: str
    method: str
    carrier: str
    currency: str
    flat: Decimal
    per_piece: Decimal
    per_kg: Decimal
    free_from: Decimal | None
    steps: tuple[StepView, ...]


class TariffList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Tariffs, by zone, way and carrier."""

    items: tuple[TariffView, ...]


class ZoneView(Struct, frozen=True, kw_only=True, rename="camel"):
    """How far away a country is."""

    country: str
    zone: str


@handler(action="shipping.set_rates")
async def set_tariff(command: SetTariff, tx: Tx) -> TariffView:
    """The tariff; refuses InvalidTariff, and then nothing changes."""
    command.tariff.check()
    rates.put(tx, command.zone, command.tariff)
    seen = _view(command.zone, command.tariff)
    tx.audit("shipping.set_tariff", f"{seen.zone}/{seen.currency}/{seen.method}/{seen.carrier}", flat=str(seen.flat))
    return seen


@handler(action="shipping.set_rates")
async def set_zone(command: SetZone, tx: Tx) -> ZoneView:
    """The country's zone; refuses NoSuchCountry."""
    if not is_country(command.country):
        raise NoSuchCountry(country=command.country)
    rates.put_zone(tx, command.country, command.zone)
    tx.audit("shipping.set_zone", command.country, zone=command.zone.value)
    return ZoneView(country=command.country, zone=command.zone.value)


@query(action="shipping.set_rates")
async def list_tariffs(command: ListTariffs, tx: Tx) -> TariffList:
    """None where nobody carries anything for that currency."""
    return TariffList(items=tuple(_view(zone, one) for zone, one in await rates.every(tx, command.currency)))


def _view(zone: Zone, one: Tariff) -> TariffView:
    return TariffView(
        zone=zone.value,
        method=one.method,
        carrier=one.carrier,
        currency=one.flat.currency,
        flat=one.flat.amount,
        per_piece=one.per_piece.amount,
        per_kg=one.per_kg.amount,
        free_from=one.free_from.amount if one.free_from else None,
        steps=tuple(StepView(up_to_g=step.up_to_g, price=step.price.amount) for step in one.steps),
    )
