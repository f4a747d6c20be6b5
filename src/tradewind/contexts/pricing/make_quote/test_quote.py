"""A quote from the database: which price counts and why, and each reason for which a rule does not count."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.pricing._domain.promotion import AmountOff, BuyXGetY, Conditions, FreeShipping, Percentage
from tradewind.contexts.pricing._projections.product_facts import product_facts
from tradewind.contexts.pricing.make_quote.query import MakeQuote
from tradewind.contexts.pricing.override_price.command import OverridePrice
from tradewind.contexts.pricing.pause_promotion.command import PausePromotion
from tradewind.contracts.catalog import ProductCreated, ProductUpdated
from tradewind.contracts.pricing import Explanation, NoSuchPrice, PricingPeer, Quote, Redemption, UnfitQuote
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def steps(node: Explanation) -> list[Explanation]:
    return [node, *(one for part in node.parts for one in steps(part))]


def why(quote: Quote, label: str) -> str | None:
    (found,) = [one for one in steps(quote.explanation) if one.label.partition(":")[0] == label]
    assert found.applied == (found.why is None)
    return found.why


@pytest.mark.parametrize(
    ("quantities", "different"),
    [({}, {}), ({"A-1": 0}, {}), ({"A-1": 100_001}, {}), ({"A-1": 1}, {"shipping": Money(1, "USD")})],
)
async def test_what_cannot_be_priced_is_refused(
    goods: Any, ask: Any, quantities: dict[str, int], different: dict[str, Any]
) -> None:
    await goods("A-1")
    with pytest.raises(UnfitQuote):
        await ask(quantities, **different)


async def test_every_sku_without_a_price_is_named(goods: Any, ask: Any) -> None:
    await goods("A-1")
    with pytest.raises(NoSuchPrice) as refused:
        await ask({"Z-9": 1, "A-1": 1, "B-9": 1})
    assert refused.value.facts["skus"] == ["B-9", "Z-9"]


async def test_what_is_withheld_from_sale_has_no_quote(shop: Any, goods: Any, ask: Any) -> None:
    product_id = await goods("A-1")
    async with shop.db.transaction(a_call("system")) as tx:
        await tx.peer(PricingPeer).withhold(tx, [product_id])
    with pytest.raises(NoSuchPrice):
        await ask({"A-1": 1})


async def test_a_code_that_does_not_count_says_why(shop: Any, goods: Any, promotion: Any, codes: Any, ask: Any) -> None:
    await goods("A-1")
    terms: dict[str, dict[str, Any]] = {
        "LATE": {"valid_to": NOON},
        "EARLY": {"valid_from": NOON + timedelta(days=1)},
        "DOLLAR": {"currency": "USD"},
        "CLUB": {"conditions": Conditions(customer_groups=("vip",))},
        "FRANCE": {"conditions": Conditions(countries=("FR",))},
        "OTHER": {"conditions": Conditions(skus=("B-1",))},
        "FIFTY": {"conditions": Conditions(min_amount=Decimal(50)), "currency": "EUR"},
        "FIVE": {"conditions": Conditions(min_quantity=5)},
        "PAUSED": {},
        "SPENT": {"max_uses": 1},
        "MINE": {"max_per_customer": 1},
    }
    with clock.held(NOON):
        for code, different in terms.items():
            made = await promotion(needs_coupon=True, **different)
            await codes(made, code=code)
            if code == "PAUSED":
                await shop.dispatch(PausePromotion(promotion_id=made.id), a_call("merchandiser"))
        async with shop.db.transaction(a_call("system")) as tx:
            pricing = tx.peer(PricingPeer)
            pricing.redeemed(tx, [Redemption(order_id=new_id(), customer_id="ada", coupons=("MINE", "SPENT"))])
        first = await ask({"A-1": 2}, customer_id="ada", coupons=("late", "early", "dollar", "club", "france", "other"))
        second = await ask({"A-1": 2}, customer_id="ada", coupons=("fifty", "five", "paused", "spent", "mine", "none"))
        others = await ask({"A-1": 2}, customer_id="ben", coupons=("mine",))
    assert {code: why(first, code) for code in ("LATE", "EARLY", "DOLLAR", "CLUB", "FRANCE", "OTHER")} == {
        "LATE": "expired",
        "EARLY": "not valid yet",
        "DOLLAR": "only in USD",
        "CLUB": "for another customer group",
        "FRANCE": "for another country",
        "OTHER": "for other goods",
    }
    assert {code: why(second, code) for code in ("FIFTY", "FIVE", "PAUSED", "SPENT", "MINE", "NONE")} == {
        "FIFTY": "below the threshold: 20.00 EUR of 50.00 EUR",
        "FIVE": "below the threshold: 2 of 5 pieces",
        "PAUSED": "paused",
        "SPENT": "spent",
        "MINE": "spent by this customer",
        "NONE": "unknown",
    }
    assert first.coupons == second.coupons == ()
    assert first.total == second.total == Money(2000, "EUR")
    assert (others.coupons, others.total) == (("MINE",), Money(1800, "EUR"))


async def test_codes_mean_the_same_in_small_letters_and_count_once(
    goods: Any, promotion: Any, codes: Any, ask: Any
) -> None:
    await goods("A-1")
    made = await promotion(needs_coupon=True)
    await codes(made, code="Ten-Off")
    await codes(made, code="ALSO")
    quote = await ask({"A-1": 1}, coupons=("ten-off", " TEN-OFF", "also"))
    assert (quote.total, quote.coupons) == (Money(900, "EUR"), ("ALSO",))
    assert why(quote, "TEN-OFF") == "not combinable: the promotion counts already"


async def test_an_exclusive_promotion_counts_alone_and_higher_priorities_come_first(
    goods: Any, promotion: Any, ask: Any
) -> None:
    await goods("A-1")
    await promotion(name="usual")
    await promotion(Percentage(percent=Decimal(30)), name="exclusive", exclusive=True, priority=5)
    quote = await ask({"A-1": 1})
    assert quote.total == Money(700, "EUR")
    assert why(quote, "usual") == "not combinable with exclusive"


async def test_only_promotions_of_one_group_go_together(goods: Any, promotion: Any, ask: Any) -> None:
    await goods("A-1")
    await promotion(AmountOff(amount=Decimal(1)), name="first", currency="EUR")
    await promotion(AmountOff(amount=Decimal(2)), name="second", currency="EUR")
    await promotion(AmountOff(amount=Decimal(4)), name="club", currency="EUR", combines="club")
    quote = await ask({"A-1": 1})
    assert quote.total == Money(700, "EUR")
    assert why(quote, "club") == "not combinable with first"


async def test_of_every_three_pieces_the_cheapest_is_free(goods: Any, promotion: Any, ask: Any) -> None:
    await goods("A-1", "10.00")
    await goods("B-1", "3.00")
    await promotion(BuyXGetY(buy=2, get=1), name="three for two")
    quote = await ask({"A-1": 5, "B-1": 1})
    assert [line.discount for line in quote.lines] == [Money(1000, "EUR"), Money(300, "EUR")]
    assert (await ask({"A-1": 2})).discount == Money(0, "EUR")


async def test_free_shipping_is_shown_with_shipping_and_not_as_a_discount(goods: Any, promotion: Any, ask: Any) -> None:
    await goods("A-1")
    await promotion(FreeShipping(), name="on us", conditions=Conditions(min_amount=Decimal(20)), currency="EUR")
    below = await ask({"A-1": 1}, shipping=Money(490, "EUR"))
    above = await ask({"A-1": 2}, shipping=Money(490, "EUR"))
    assert (below.shipping, below.total) == (Money(490, "EUR"), Money(1490, "EUR"))
    assert (above.shipping, above.discount, above.total) == (Money(0, "EUR"), Money(0, "EUR"), Money(2000, "EUR"))


async def test_a_promotion_for_a_category_knows_it_from_the_catalogs_events(
    shop: Any, goods: Any, promotion: Any, ask: Any
) -> None:
    sku_of = {await goods(sku): sku for sku in ("A-1", "B-1", "C-1")}
    paths = {"A-1": ("books", "crime"), "B-1": ("bookshelves",), "C-1": ("books",)}
    events = [
        ProductCreated(product_id=product_id, sku=sku, name=sku, category="new", category_path=("new",))
        for product_id, sku in sku_of.items()
    ] + [
        ProductUpdated(product_id=product_id, sku=sku, name=sku, category=sku, category_path=paths[sku])
        for product_id, sku in sku_of.items()
    ]
    async with shop.db.transaction(a_call("system")) as tx:
        await product_facts.react(events, tx)
    await promotion(conditions=Conditions(categories=("books",)))
    quote = await ask({"A-1": 1, "B-1": 1, "C-1": 1}, country="GB")
    assert [line.discount.minor for line in quote.lines] == [100, 0, 100]
    assert quote.tax_included == Money(167, "EUR"), "books are not taxed in GB, the rest is at 20 %"


async def test_an_override_counts_before_books_and_lists_which_are_named_as_not_counting(
    shop: Any, goods: Any, ask: Any
) -> None:
    product_id = await goods("A-1")
    override = OverridePrice(product_id=product_id, amount=Decimal(8), currency="EUR", reason="press")
    await shop.dispatch(override, a_call("admin"))
    quote = await ask({"A-1": 1})
    assert quote.total == Money(800, "EUR")
    assert why(quote, "list price") == "override counts first"


async def test_anybody_may_ask_what_goods_cost_and_sees_why(shop: Any, goods: Any) -> None:
    await goods("A-1", "11.90")
    wanted = MakeQuote(quantities={"A-1": 2}, country="DE", coupons=("none",))
    preview = await shop.dispatch(wanted, a_call("anonymous", subject="anonymous"))
    assert (preview.currency, preview.subtotal, preview.total) == ("EUR", Decimal("23.80"), Decimal("23.80"))
    assert (preview.tax, preview.tax_included) == (Decimal("0.00"), Decimal("3.80"))
    assert [one.why for one in steps(preview.explanation) if one.kind == "coupon"] == ["unknown"]
