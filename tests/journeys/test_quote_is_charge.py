"""S4: what a quote says is what the order charges, to the last unit, whatever is bought, taxed and taken off."""

from decimal import Decimal
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import a_product
from tests.journeys.reasons import ONE_PROCESS
from tests.shoppers import Shopper
from tests.shops import Shop, a_call
from tradewind.contexts.pricing.manifest import ActivatePromotion, CreatePromotion, MakeCoupons, SetTaxes
from tradewind.contracts.pricing import Explanation

pytestmark = pytest.mark.one_process_tree(ONE_PROCESS)

GOODS: Final = {
    "EUR": {"E1": "12.50", "E2": "3.99", "E3": "0.01", "E4": "999.99"},
    "JPY": {"J1": "1", "J2": "12345"},
    "KWD": {"K1": "1.234", "K2": "0.005"},
}
PLACES: Final = {
    "DE": {"country": "DE", "line1": "Weg 1", "city": "Berlin", "postal_code": "10115"},
    "US": {"country": "US", "line1": "1 A St", "city": "Palo Alto", "postal_code": "94301", "region": "CA"},
    "NO": {"country": "NO", "line1": "Vei 1", "city": "Oslo", "postal_code": "0150"},
}
TAXES: Final[list[dict[str, Any]]] = [
    {"country": "DE", "prices_include": True, "rounding_scope": "line", "rates": {"standard": 190_000},
     "shipping_class": "standard"},
    {"country": "US", "region": "CA", "prices_include": False, "rounding_scope": "line", "rates": {"standard": 72_500}},
    {"country": "NO", "prices_include": False, "rounding_scope": "total", "rates": {"standard": 250_000},
     "shipping_class": "standard"},
]  # fmt: skip
PROMOTIONS: Final[dict[str, dict[str, Any]]] = {
    "THIRD": {"benefit": {"kind": "PERCENTAGE", "percent": "33.3333"}},
    "THREE-FOR-TWO": {"benefit": {"kind": "BUY_X_GET_Y", "buy": 2, "get": 1}},
    "CARRIED": {"benefit": {"kind": "FREE_SHIPPING"}},
    "ALONE": {"benefit": {"kind": "PERCENTAGE", "percent": "100"}, "exclusive": True},
}
carts = st.sampled_from(sorted(GOODS)).flatmap(
    lambda currency: st.dictionaries(st.sampled_from(sorted(GOODS[currency])), st.integers(1, 40), min_size=1)
)


async def stocked(shop: Shop) -> None:
    """Goods of three currencies, taxes of three kinds, promotions of three kinds, each by its code."""
    admin = a_call("admin")
    for currency, goods in GOODS.items():
        for sku, amount in goods.items():
            await a_product(shop, sku, stock=100_000, amount=amount, currency=currency)
    for taxes in TAXES:
        region = {"rounding_mode": "half-even", **taxes}
        await shop.dispatch(msgspec.convert({"taxes": region}, SetTaxes), admin)
    for code, terms in PROMOTIONS.items():
        draft = {"draft": {"name": code, "terms": terms}, "needs_coupon": True}
        made = await shop.dispatch(msgspec.convert(draft, CreatePromotion), admin)
        await shop.dispatch(MakeCoupons(promotion_id=made.id, code=code), admin)
        await shop.dispatch(ActivatePromotion(promotion_id=made.id), admin)


def adds_up(step: Explanation) -> bool:
    """Whether every step that has parts is their sum, down to the leaves."""
    mine = not step.parts or step.amount == sum((part.amount for part in step.parts if part.applied), Decimal(0))
    return mine and all(adds_up(part) for part in step.parts)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=carts,
    place=st.sampled_from(sorted(PLACES)),
    method=st.sampled_from(["standard", "express"]),
    coupons=st.lists(st.sampled_from(sorted(PROMOTIONS)), unique=True, max_size=3),
)
async def test_an_order_charges_what_its_quote_said_and_every_step_adds_up(
    shop: Shop, wanted: dict[str, int], place: str, method: str, coupons: list[str]
) -> None:
    buyer = Shopper(shop, a_call("guest"))
    if not await buyer.value("SELECT count(*) FROM inventory.inventory_stock"):
        await stocked(shop)
    cart_id = await buyer.opens(**wanted)
    quote = await buyer.quotes(cart_id, shipping_address=PLACES[place], shipping_method=method, coupons=tuple(coupons))
    goods = sum((one.price * one.qty for one in quote.items), Decimal(0))
    assert quote.total == goods + quote.shipping + quote.tax - quote.discount == quote.explanation.amount >= 0
    assert quote.discount == sum((one.discount for one in quote.items), Decimal(0)) or "CARRIED" in coupons
    assert adds_up(quote.explanation)
    order = await buyer.checks_out(cart_id, quote.token)
    said = (quote.total, quote.shipping, quote.tax, quote.discount, quote.currency)
    charged = (order.total_amount, order.shipping_amount, order.tax_amount, order.discount_amount, order.currency)
    assert charged == said
    assert {item.sku: (item.qty, item.price) for item in order.items} == {
        one.sku: (one.qty, one.price) for one in quote.items
    }
    assert {one.sku: one.qty for one in quote.items} == wanted
