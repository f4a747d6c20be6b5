"""Rates by weight, size, zone and carrier: calculated, by a table, free from an amount on; who may set them."""

from decimal import Decimal
from typing import Any

import pytest

from tests.shops import Shop, a_call
from tradewind.contexts.shipping._domain.parcel import Size
from tradewind.contexts.shipping._domain.rates import InvalidTariff, Tariff, WeightStep, Zone, chargeable
from tradewind.contexts.shipping.measure_product.command import MeasureProduct
from tradewind.contexts.shipping.quote_rates.query import NoCarriage, QuoteRates
from tradewind.contexts.shipping.set_rates.command import ListTariffs, NoSuchCountry, SetTariff, SetZone
from tradewind.contracts.shipping import Rate, ShippingPeer
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.money import Money

CLERK = a_call("merchandiser", subject="clerk")
RATES = "SELECT count(*), sum(flat_minor) FROM shipping.rate"
LAMP = Size(weight_g=1_200, length_mm=300, width_mm=200, height_mm=100)
PILLOW = Size(weight_g=800, length_mm=500, width_mm=500, height_mm=200)


def eur(amount: str) -> Money:
    return Money.parse(amount, "EUR")


def a_tariff(**more: Any) -> Tariff:
    nothing = eur("0")
    usual = {"method": "standard", "carrier": "post", "flat": nothing, "per_piece": nothing, "per_kg": nothing}
    return Tariff(**{**usual, **more})


def table(*steps: tuple[int, str]) -> tuple[WeightStep, ...]:
    return tuple(WeightStep(grams, eur(price)) for grams, price in steps)


async def peer_rates(shop: Shop, **quantities: int) -> dict[str, Rate]:
    async with shop.db.reading(a_call("system")) as tx:
        return {one.method: one for one in await tx.peer(ShippingPeer).rates(tx, "DE", quantities, "EUR")}


async def test_who_may_not_set_rates_does_not_and_an_unfit_tariff_changes_nothing(shop: Shop) -> None:
    before = tuple(await shop.db.pool.fetchrow(RATES))
    wishes = (SetTariff(zone=Zone.HOME, tariff=a_tariff()), SetZone(country="DE", zone=Zone.FAR), ListTariffs("EUR"))
    for wish in wishes:
        for role in ("customer", "warehouse", "support"):
            with pytest.raises(Forbidden):
                await shop.dispatch(wish, a_call(role))
    for role in ("customer", "support"):
        with pytest.raises(Forbidden):
            await shop.dispatch(MeasureProduct(sku="LAMP", size=LAMP), a_call(role))
    for unfit in (
        a_tariff(steps=table((2_000, "1"), (1_000, "2"))),
        a_tariff(steps=table((1_000, "1"), (1_000, "2"))),
        a_tariff(steps=table((1_000, "1")), flat=eur("1")),
        a_tariff(steps=table((1_000, "-1"))),
        *(a_tariff(**{name: eur("-0.01")}) for name in ("flat", "per_piece", "per_kg", "free_from")),
        a_tariff(free_from=eur("0")),
    ):
        with pytest.raises(InvalidTariff):
            await shop.dispatch(SetTariff(zone=Zone.HOME, tariff=unfit), CLERK)
    with pytest.raises(NoSuchCountry):
        await shop.dispatch(SetZone(country="ZZ", zone=Zone.HOME), CLERK)
    assert tuple(await shop.db.pool.fetchrow(RATES)) == before
    assert await shop.db.pool.fetchval("SELECT count(*) FROM shipping.product_size") == 0


@pytest.mark.parametrize(
    ("pieces", "grams", "price"),
    [(1, 1, "3.50"), (1, 1_000, "3.50"), (1, 1_001, "5.00"), (3, 2_500, "8.00")],
)
def test_a_calculated_rate_counts_pieces_and_begun_kilograms(pieces: int, grams: int, price: str) -> None:
    tariff = a_tariff(flat=eur("2"), per_piece=eur("0.75"), per_kg=eur("1.50"))
    rate = tariff.of(pieces, grams)
    assert rate is not None
    assert rate.price == eur(price)


@pytest.mark.parametrize(("grams", "price"), [(1, "4"), (1_000, "4"), (1_001, "7"), (5_000, "7"), (5_001, None)])
def test_a_table_has_a_price_up_to_each_weight_and_none_beyond(grams: int, price: str | None) -> None:
    rate = a_tariff(steps=table((1_000, "4"), (5_000, "7"))).of(9, grams)
    assert (rate and rate.price) == (price and eur(price))


@pytest.mark.parametrize(("worth", "price"), [("49.99", "5"), ("50", "0"), ("51", "0")])
def test_from_an_amount_on_carriage_is_free(worth: str, price: str) -> None:
    rate = a_tariff(flat=eur("5"), free_from=eur("50")).of(1, 1)
    assert rate is not None
    assert rate.for_goods(eur(worth)) == eur(price)


def test_what_is_large_and_light_counts_by_its_size() -> None:
    assert chargeable(1_200, 300, 200, 100) == 1_200
    assert chargeable(800, 500, 500, 200) == 10_000


async def test_carriage_of_goods_follows_their_weight_their_size_and_a_default_where_nobody_measured(
    shop: Shop,
) -> None:
    tariff = a_tariff(per_kg=eur("1"))
    await shop.dispatch(SetTariff(zone=Zone.HOME, tariff=tariff), CLERK)
    for sku, size in (("LAMP", LAMP), ("PILLOW", PILLOW)):
        await shop.dispatch(MeasureProduct(sku=sku, size=size), a_call("warehouse"))
    for quantities, price in (
        ({"LAMP": 1}, "2"), ({"LAMP": 3}, "4"), ({"OTHER": 4}, "2"), ({"OTHER": 1, "LAMP": 1}, "2"),
    ):  # fmt: skip
        seen = (await peer_rates(shop, **quantities))["standard"]
        assert (seen.price, seen.carrier) == (eur(price), "post"), quantities
    seen = (await peer_rates(shop, PILLOW=1))["standard"]
    assert (seen.price, seen.carrier) == (eur("4.90"), "house"), "by size it is ten kilograms, and another is cheaper"


async def test_of_each_way_the_cheapest_carrier_counts_and_what_is_too_heavy_is_not_offered(shop: Shop) -> None:
    light = a_tariff(method="express", carrier="bike", steps=table((1_000, "3")))
    await shop.dispatch(SetTariff(zone=Zone.HOME, tariff=light), CLERK)
    for quantities, carrier, price in (({"A": 2}, "bike", "3"), ({"A": 3}, "house", "10.90")):
        seen = (await peer_rates(shop, **quantities))["express"]
        assert (seen.carrier, seen.price) == (carrier, eur(price))
    yen = Tariff(
        method="standard", carrier="bike", flat=Money(0, "XTS"), per_piece=Money(0, "XTS"), per_kg=Money(0, "XTS"),
        steps=(WeightStep(1_000, Money(1, "XTS")),),
    )  # fmt: skip
    await shop.dispatch(SetTariff(zone=Zone.HOME, tariff=yen), CLERK)
    with pytest.raises(NoCarriage) as refused:
        await shop.dispatch(QuoteRates(country="DE", currency="XTS", weight_g=1_001), a_call("anonymous"))
    assert refused.value.detail == "It is too heavy for every carrier."


async def test_a_country_is_moved_to_another_zone_and_a_tariff_written_again_takes_its_own_place(shop: Shop) -> None:
    async def price(country: str, **more: Any) -> Decimal:
        question = QuoteRates(country=country, currency="EUR", **more)
        seen = (await shop.dispatch(question, a_call("anonymous"))).items
        return next(Decimal(one.price) for one in seen if one.method == "standard")

    assert [await price(country) for country in ("FR", "JP")] == [Decimal("9.90"), Decimal("19.90")]
    await shop.dispatch(SetZone(country="FR", zone=Zone.FAR), CLERK)
    await shop.dispatch(SetZone(country="JP", zone=Zone.NEAR), CLERK)
    assert [await price(country) for country in ("FR", "JP")] == [Decimal("19.90"), Decimal("9.90")]
    house = a_tariff(carrier="house", flat=eur("7"), free_from=eur("40"))
    for _ in range(2):
        await shop.dispatch(SetTariff(zone=Zone.NEAR, tariff=house), CLERK)
    assert await price("JP") == Decimal("7.00")
    assert await price("JP", amount=Decimal(40)) == 0
    listed = (await shop.dispatch(ListTariffs(currency="EUR"), CLERK)).items
    (seen,) = (one for one in listed if (one.zone, one.method) == ("near", "standard"))
    assert (seen.flat, seen.free_from, seen.carrier) == (Decimal("7.00"), Decimal("40.00"), "house")
