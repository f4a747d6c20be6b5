"""Taxes as staff write them, and what a quote makes of them."""

from decimal import Decimal
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.pricing._domain.rounding import Rounding
from tradewind.contexts.pricing._domain.tax_view import millionths
from tradewind.contexts.pricing._domain.taxes import InvalidTax, RoundingScope, TaxRegion
from tradewind.contexts.pricing.classify_products.command import ClassifyProduct
from tradewind.contexts.pricing.list_taxes.query import ListTaxes
from tradewind.contexts.pricing.set_taxes.command import SetTaxes
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.money import Money
from tradewind.kernel.versions import Outdated


def a_region(**different: Any) -> TaxRegion:
    usual = {
        "country": "XA",
        "prices_include": False,
        "rounding_scope": RoundingScope.LINE,
        "rounding_mode": Rounding.HALF_UP,
        "rates": {"standard": 72_500},
    }
    return TaxRegion(**{**usual, **different})


async def do(shop: Any, command: Any, role: str = "merchandiser") -> Any:
    return await shop.dispatch(command, a_call(role))


async def test_a_customer_sets_no_taxes(shop: Any) -> None:
    with pytest.raises(Forbidden):
        await do(shop, SetTaxes(taxes=a_region()), "customer")
    assert (await do(shop, ListTaxes(country="XA"))).items == ()


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"country": "xa"}, "/country"),
        ({"rates": {"books": 1}}, "/rates"),
        ({"rates": {"standard": 1_000_001}}, "/rates"),
        ({"shipping_class": "No"}, "/shippingClass"),
    ],
)
async def test_taxes_that_break_a_rule_are_refused(shop: Any, different: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidTax) as refused:
        await do(shop, SetTaxes(taxes=a_region(**different)))
    assert [error["pointer"] for error in refused.value.facts["errors"]] == [pointer]


@pytest.mark.parametrize("percent", ["NaN", "Infinity", "100.1", "-1", "0.00001", "1e9"])
def test_what_is_no_percentage_is_no_rate(percent: str) -> None:
    with pytest.raises(InvalidTax):
        millionths({"standard": Decimal(percent)})


async def test_taxes_that_somebody_else_changed_meanwhile_are_not_overwritten(shop: Any) -> None:
    await do(shop, SetTaxes(taxes=a_region(), expected=0))
    await do(shop, SetTaxes(taxes=a_region(rates={"standard": 50_000}), expected=1))
    with pytest.raises(Outdated):
        await do(shop, SetTaxes(taxes=a_region(), expected=1))
    (written,) = (await do(shop, ListTaxes(country="XA"))).items
    assert (written.rates, written.version) == ({"standard": Decimal(5)}, 2)


async def test_the_usual_rates_are_there_from_the_beginning(shop: Any) -> None:
    pages = [await do(shop, ListTaxes(limit=7))]
    while pages[-1].next:
        pages.append(await do(shop, ListTaxes(limit=7, cursor=pages[-1].next)))
    rates = {f"{one.country}-{one.region}".strip("-"): one.rates for page in pages for one in page.items}
    assert rates["GB"]["standard"] == Decimal(20)
    assert rates["DE"] == {
        "standard": Decimal(19), "reduced": Decimal(7), "books": Decimal(7), "food": Decimal(7)
    }  # fmt: skip
    assert rates["FR"]["books"] == Decimal("5.5")
    assert rates["US"]["standard"] == Decimal(0)
    assert rates["US-CA"]["standard"] == Decimal("7.25")


async def test_a_region_counts_before_its_country_and_a_place_without_rates_is_not_taxed(
    shop: Any, goods: Any, ask: Any
) -> None:
    await goods("A-1", "10.00", "USD")
    asked = {"quantities": {"A-1": 3}, "currency": "USD"}
    california = await ask(country="US", region="CA", **asked)
    assert (california.tax, california.total) == (Money(218, "USD"), Money(3218, "USD"))
    assert (await ask(country="US", region="OR", **asked)).total == Money(3000, "USD")
    nowhere = await ask(country="ZZ", **asked)
    assert (nowhere.tax, nowhere.tax_included) == (Money(0, "USD"), Money(0, "USD"))
    assert [part.why for part in nowhere.explanation.parts[-1].parts] == ["no tax is known for ZZ"]


async def test_the_same_goods_are_rounded_by_line_or_in_total_as_the_region_says(
    shop: Any, goods: Any, ask: Any
) -> None:
    for sku in ("A-1", "B-1", "C-1"):
        await goods(sku, "0.99")
    everything = {"A-1": 1, "B-1": 1, "C-1": 1}
    await do(shop, SetTaxes(taxes=a_region(country="XL", rates={"standard": 200_000})))
    await do(
        shop, SetTaxes(taxes=a_region(country="XT", rates={"standard": 200_000}, rounding_scope=RoundingScope.TOTAL))
    )
    assert (await ask(everything, country="XL")).tax == Money(60, "EUR")
    assert (await ask(everything, country="XT")).tax == Money(59, "EUR")


async def test_a_products_own_tax_class_counts_before_its_categorys(shop: Any, goods: Any, ask: Any) -> None:
    product_id = await goods("A-1", "10.70")
    await do(shop, ClassifyProduct(product_id=product_id, tax_class="reduced"))
    assert (await ask({"A-1": 1}, country="DE")).tax_included == Money(70, "EUR")
    await do(shop, ClassifyProduct(product_id=product_id, tax_class="never-heard-of"))
    assert (await ask({"A-1": 1}, country="DE")).tax_included == Money(171, "EUR")
