"""What tests of pricing need in a shop: goods with a price, promotions that count, codes."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.shops import a_call
from tradewind.contexts.pricing._domain.promotion import Benefit, Conditions, Percentage, Terms
from tradewind.contexts.pricing._domain.promotion_view import Draft, Promotion
from tradewind.contexts.pricing.activate_promotion.command import ActivatePromotion
from tradewind.contexts.pricing.create_promotion.command import CreatePromotion
from tradewind.contexts.pricing.make_coupons.command import MakeCoupons
from tradewind.contracts.pricing import PricingPeer, Quote, QuoteRequest
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

GoodsWithPrice = Callable[..., Awaitable[UUID]]
RunningPromotion = Callable[..., Awaitable[Promotion]]
MadeCodes = Callable[..., Awaitable[Sequence[str]]]
Asked = Callable[..., Awaitable[Quote]]


@pytest.fixture
def goods(shop: Any) -> GoodsWithPrice:
    """A product with a list price; its id."""

    async def priced(sku: str, amount: str = "10.00", currency: str = "EUR") -> UUID:
        product_id = new_id()
        async with shop.db.transaction(a_call("system")) as tx:
            price = Money.parse(amount, currency)
            await tx.peer(PricingPeer).set_price(tx, product_id, sku, price, reason="a test")
        return product_id

    return priced


@pytest.fixture
def promotion(shop: Any) -> RunningPromotion:
    """A promotion that is active: 10 % off everything, unless told otherwise."""

    async def running(benefit: Benefit | None = None, *, needs_coupon: bool = False, **different: Any) -> Promotion:
        terms = Terms(
            benefit=benefit or Percentage(percent=Decimal(10)),
            conditions=different.pop("conditions", Conditions()),
            **{field: different.pop(field) for field in ("priority", "exclusive", "combines") if field in different},
        )
        draft = Draft(**{"name": "a promotion", "terms": terms, **different})
        staff = a_call("merchandiser")
        made = await shop.dispatch(CreatePromotion(draft=draft, needs_coupon=needs_coupon), staff)
        active: Promotion = await shop.dispatch(ActivatePromotion(promotion_id=made.id), staff)
        return active

    return running


@pytest.fixture
def codes(shop: Any) -> MadeCodes:
    """Codes of a promotion."""

    async def made(of: Promotion, **wanted: Any) -> Sequence[str]:
        answer = await shop.dispatch(MakeCoupons(promotion_id=of.id, **wanted), a_call("merchandiser"))
        found: Sequence[str] = answer.codes
        return found

    return made


@pytest.fixture
def ask(shop: Any) -> Asked:
    """The quote of some goods, as another context asks for it."""

    async def asked(quantities: dict[str, int], **different: Any) -> Quote:
        currency = different.get("currency", "EUR")
        usual = {"customer_id": "somebody", "currency": currency, "country": "ZZ", "shipping": Money(0, currency)}
        async with shop.db.reading(a_call()) as tx:
            request = QuoteRequest(quantities=quantities, **{**usual, **different})
            answer: Quote = await tx.peer(PricingPeer).quote(tx, request)
            return answer

    return asked
