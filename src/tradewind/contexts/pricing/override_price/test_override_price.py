"""Overriding a price: who may, how fast it fails, and that everybody hears of it once (S0-92, S0-96)."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.shops import a_call
from tradewind.contexts.pricing._domain.price import InvalidPrice, NoSuchPrice
from tradewind.contexts.pricing.end_price_override.command import EndPriceOverride
from tradewind.contexts.pricing.list_price_overrides.query import ListPriceOverrides
from tradewind.contexts.pricing.override_price.command import OverridePrice
from tradewind.contexts.pricing.set_price.command import SetPrice
from tradewind.contexts.pricing.tell_prices.timer import notice
from tradewind.contracts.pricing import PricingPeer
from tradewind.kernel import clock
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.database import Busy

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOLD = """
    SELECT payload->>'amount', payload->>'previousAmount' FROM runtime.outbox
    WHERE type = 'ecommerce.pricing.price.changed.v1' ORDER BY position
"""
WRITTEN = """
    SELECT (SELECT count(*) FROM pricing.price_override), (SELECT count(*) FROM runtime.outbox),
        (SELECT count(*) FROM runtime.audit_entry)
"""


def an_override(product_id: UUID, **different: Any) -> OverridePrice:
    usual = {"product_id": product_id, "amount": Decimal("7.00"), "currency": "EUR", "reason": "a slip in the feed"}
    return OverridePrice(**{**usual, **different})


async def price_of(shop: Any, sku: str) -> Money:
    async with shop.db.reading(a_call()) as tx:
        price: Money = (await tx.peer(PricingPeer).prices(tx, [sku], []))[sku].price
        return price


async def told(shop: Any) -> list[tuple[str, str | None]]:
    return [tuple(row) for row in await shop.db.pool.fetch(TOLD)]


async def look_at_the_clock(shop: Any, moment: datetime) -> int:
    with clock.held(moment):
        async with shop.db.transaction(a_call("system")) as tx:
            return await notice(tx)


@pytest.mark.parametrize("role", ["merchandiser", "support", "warehouse", "customer", "guest", "anonymous"])
async def test_only_an_administrator_overrides_a_price(shop: Any, goods: Any, role: str) -> None:
    product_id = await goods("A-1")
    before = await shop.db.pool.fetchrow(WRITTEN)
    with pytest.raises(Forbidden):
        await shop.dispatch(an_override(product_id), a_call(role))
    with pytest.raises(Forbidden):
        await shop.dispatch(EndPriceOverride(product_id=product_id), a_call(role))
    assert await shop.db.pool.fetchrow(WRITTEN) == before


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"amount": Decimal(0)}, "/amount"),
        ({"amount": Decimal("1.001")}, "/amount"),
        ({"reason": " "}, "/reason"),
        ({"until": NOON - timedelta(days=9_000)}, "/until"),
        ({"until": datetime.max.replace(tzinfo=UTC)}, "/until"),
    ],
)
async def test_an_override_that_breaks_a_rule_leaves_all_as_it_was(
    shop: Any, goods: Any, different: dict[str, Any], pointer: str
) -> None:
    product_id = await goods("A-1")
    before = await shop.db.pool.fetchrow(WRITTEN)
    with pytest.raises(InvalidPrice) as refused:
        await shop.dispatch(an_override(product_id, **different), a_call("admin"))
    assert [error["pointer"] for error in refused.value.facts["errors"]] == [pointer]
    assert await shop.db.pool.fetchrow(WRITTEN) == before


async def test_what_was_never_sold_has_no_price_to_override(shop: Any) -> None:
    with pytest.raises(NoSuchPrice):
        await shop.dispatch(an_override(new_id()), a_call("admin"))


async def test_an_override_does_not_wait_for_whoever_holds_the_prices(shop: Any, goods: Any) -> None:
    product_id = await goods("A-1")
    before = await shop.db.pool.fetchrow(WRITTEN)
    async with shop.db.transaction(a_call("system")) as tx:
        await tx.peer(PricingPeer).set_price(tx, product_id, "A-1", Money(900, "EUR"), reason="held meanwhile")
        tries = [shop.dispatch(an_override(product_id), a_call("admin")) for _ in range(3)]
        refusals = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(refused) for refused in refusals] == [Busy] * 3
        assert await shop.db.pool.fetchrow(WRITTEN) == before


async def test_an_override_counts_is_told_audited_and_ended(shop: Any, goods: Any) -> None:
    product_id = await goods("A-1")
    await shop.dispatch(an_override(product_id), a_call("admin", subject="root"))
    await shop.dispatch(an_override(product_id, amount=Decimal("6.00")), a_call("admin", subject="root"))
    assert await price_of(shop, "A-1") == Money(600, "EUR")
    await shop.dispatch(EndPriceOverride(product_id=product_id), a_call("admin", subject="root"))
    await shop.dispatch(EndPriceOverride(product_id=product_id), a_call("admin", subject="root"))
    assert await price_of(shop, "A-1") == Money(1000, "EUR")
    assert await told(shop) == [("10.00", None), ("7.00", "10.00"), ("6.00", "7.00"), ("10.00", "6.00")]
    page = await shop.dispatch(ListPriceOverrides(product_id=product_id), a_call("merchandiser"))
    assert [(one.amount, one.reason, one.set_by, one.ended_by) for one in page.items] == [
        (Decimal("6.00"), "a slip in the feed", "root", "root"),
        (Decimal("7.00"), "a slip in the feed", "root", "root"),
    ]
    audited = await shop.db.pool.fetch("SELECT actor, action FROM runtime.audit_entry ORDER BY id")
    assert [tuple(row) for row in audited] == [
        ("root", "pricing.override_price"),
        ("root", "pricing.override_price"),
        ("root", "pricing.end_price_override"),
    ]


async def test_a_list_price_below_an_override_is_not_told_until_it_counts(shop: Any, goods: Any) -> None:
    product_id = await goods("A-1")
    await shop.dispatch(an_override(product_id), a_call("admin"))
    lower = SetPrice(product_id=product_id, amount=Decimal("9.00"), currency="EUR", reason="season")
    await shop.dispatch(lower, a_call("merchandiser"))
    assert await price_of(shop, "A-1") == Money(700, "EUR")
    await shop.dispatch(EndPriceOverride(product_id=product_id), a_call("admin"))
    assert await told(shop) == [("10.00", None), ("7.00", "10.00"), ("9.00", "7.00")]


async def test_the_end_of_an_override_is_noticed_and_told_exactly_once(shop: Any, goods: Any) -> None:
    with clock.held(NOON):
        product_id = await goods("A-1")
        await shop.dispatch(an_override(product_id, until=NOON + timedelta(hours=1)), a_call("admin"))
    assert await look_at_the_clock(shop, NOON + timedelta(minutes=59)) == 0
    looks = await asyncio.gather(*(look_at_the_clock(shop, NOON + timedelta(hours=1)) for _ in range(4)))
    assert sum(looks) == 1
    assert await look_at_the_clock(shop, NOON + timedelta(hours=2)) == 0
    assert await told(shop) == [("10.00", None), ("7.00", "10.00"), ("10.00", "7.00")]
