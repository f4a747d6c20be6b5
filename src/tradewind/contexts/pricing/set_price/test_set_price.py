"""Setting a price: what is refused, who comes first, and what history says afterwards."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.shops import a_call
from tradewind.contexts.pricing._domain.price import InvalidPrice, NoSuchPrice, PriceOutOfOrder
from tradewind.contexts.pricing.get_price_history.query import GetPriceHistory
from tradewind.contexts.pricing.set_price.command import SetPrice
from tradewind.contracts.pricing import Price, PricingPeer
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

DECEMBER = datetime(2010, 12, 1, tzinfo=UTC)
ROWS = "SELECT amount_minor, currency, valid_from, valid_to FROM pricing.product_price_history ORDER BY id"


async def set_price(shop: Any, product_id: UUID, minor: int, since: datetime | None = None) -> None:
    """As a peer does it: in a transaction of its own."""
    async with shop.db.transaction(a_call("system")) as tx:
        pricing = tx.peer(PricingPeer)
        await pricing.set_price(
            tx, product_id, f"SKU-{product_id}", Money(minor, "GBP"), reason="a test", valid_from=since
        )


async def written(shop: Any) -> tuple[Any, ...]:
    events = await shop.db.pool.fetchval("SELECT count(*) FROM runtime.outbox")
    audited = await shop.db.pool.fetchval("SELECT count(*) FROM runtime.audit_entry")
    return (await shop.db.pool.fetch(ROWS), events, audited)


def a_price(product_id: UUID, **different: Any) -> SetPrice:
    usual = {"product_id": product_id, "amount": Decimal("3.00"), "currency": "GBP", "reason": "sale"}
    return SetPrice(**{**usual, **different})


async def test_a_customer_sets_no_price(shop: Any) -> None:
    product_id = new_id()
    await set_price(shop, product_id, 255)
    before = await written(shop)
    with pytest.raises(Forbidden):
        await shop.dispatch(a_price(product_id), a_call("customer"))
    assert await written(shop) == before


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"amount": Decimal(0)}, "/amount"),
        ({"amount": Decimal("0.001")}, "/amount"),
        ({"amount": Decimal("1e10")}, "/amount"),
        ({"amount": Decimal("1e999999")}, "/amount"),
        ({"amount": Decimal("1.0000000000000000000000000000001")}, "/amount"),
        ({"currency": "pound"}, "/currency"),
        ({"reason": " "}, "/reason"),
    ],
)
async def test_a_price_that_breaks_a_rule_leaves_all_as_it_was(
    shop: Any, different: dict[str, Any], pointer: str
) -> None:
    product_id = new_id()
    await set_price(shop, product_id, 255)
    before = await written(shop)
    with pytest.raises(InvalidPrice) as refused:
        await shop.dispatch(a_price(product_id, **different), a_call("merchandiser"))
    assert [error["pointer"] for error in refused.value.facts["errors"]] == [pointer]
    assert await written(shop) == before


async def test_an_unknown_product_has_no_price_to_succeed(shop: Any) -> None:
    with pytest.raises(NoSuchPrice):
        await shop.dispatch(a_price(new_id()), a_call("merchandiser"))


async def test_history_is_not_rewritten(shop: Any) -> None:
    product_id = new_id()
    await set_price(shop, product_id, 255, DECEMBER)
    await set_price(shop, product_id, 300, DECEMBER + timedelta(days=2))
    before = await written(shop)
    with pytest.raises(PriceOutOfOrder):
        await set_price(shop, product_id, 200, DECEMBER + timedelta(days=1))
    with pytest.raises(InvalidPrice):
        await set_price(shop, product_id, 200, datetime.max.replace(tzinfo=UTC))
    assert await written(shop) == before


async def test_an_import_that_runs_twice_changes_nothing(shop: Any) -> None:
    product_id = new_id()
    days = [DECEMBER + timedelta(days=n) for n in range(3)]
    for minor, day in zip((255, 300, 255), days, strict=True):
        await set_price(shop, product_id, minor, day)
    before = await written(shop)
    for minor, day in zip((255, 300, 255), days, strict=True):
        await set_price(shop, product_id, minor, day)
    await set_price(shop, product_id, 255)
    assert await written(shop) == before
    assert [tuple(row) for row in before[0]] == [
        (255, "GBP", days[0], days[1]),
        (300, "GBP", days[1], days[2]),
        (255, "GBP", days[2], None),
    ]


async def test_the_database_itself_refuses_overlaps_and_gaps(shop: Any) -> None:
    product_id = new_id()
    await set_price(shop, product_id, 255, DECEMBER)
    await set_price(shop, product_id, 300, DECEMBER + timedelta(days=2))
    insert = (
        "INSERT INTO pricing.product_price_history "
        "(sku, product_id, amount_minor, currency, valid_from, valid_to, follows, reason, changed_by) "
        "VALUES ($1, $2, 1, 'GBP', $3, $4, $5, 'x', 'x')"
    )
    sku = f"SKU-{product_id}"
    for since, end, follows in [
        (DECEMBER + timedelta(days=1), DECEMBER + timedelta(days=3), None),
        (DECEMBER + timedelta(days=1), DECEMBER + timedelta(days=3), DECEMBER + timedelta(days=1)),
        (DECEMBER + timedelta(days=2), DECEMBER + timedelta(days=3), DECEMBER + timedelta(days=2)),
        (DECEMBER + timedelta(days=9), None, DECEMBER + timedelta(days=9)),
    ]:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await shop.db.pool.execute(insert, sku, product_id, since, end, follows)


async def test_prices_set_at_once_follow_each_other(shop: Any) -> None:
    product_id = new_id()
    await set_price(shop, product_id, 255)
    tries = [shop.dispatch(a_price(product_id, amount=Decimal(n)), a_call("merchandiser")) for n in range(1, 9)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    rows = await shop.db.pool.fetch(ROWS)
    assert len(rows) == 9
    assert [row["valid_to"] for row in rows] == [*(row["valid_from"] for row in rows[1:]), None]


async def test_prices_are_asked_for_by_sku_and_by_product(shop: Any) -> None:
    one, two, three = new_id(), new_id(), new_id()
    for product_id, minor in ((one, 100), (two, 200), (three, 300)):
        await set_price(shop, product_id, minor)
    async with shop.db.reading(a_call()) as tx:
        pricing = tx.peer(PricingPeer)
        found = await pricing.prices(tx, [f"SKU-{one}", "nothing"], [two, new_id()])
    assert found == {
        key: Price(f"SKU-{product_id}", product_id, Money(minor, "GBP"))
        for product_id, minor in ((one, 100), (two, 200))
        for key in (f"SKU-{product_id}", product_id)
    }


async def test_a_price_change_is_told_audited_and_shown_in_history(shop: Any) -> None:
    product_id = new_id()
    await set_price(shop, product_id, 255, DECEMBER)
    await shop.dispatch(a_price(product_id), a_call("merchandiser", subject="maria"))
    page = await shop.dispatch(GetPriceHistory(product_id=product_id, limit=1), a_call("admin"))
    older = await shop.dispatch(GetPriceHistory(product_id=product_id, cursor=page.next), a_call("admin"))
    assert [(past.amount, past.valid_to, past.reason, past.changed_by) for past in page.items] == [
        (Decimal("3.00"), None, "sale", "maria")
    ]
    assert [(past.amount, past.valid_from, past.valid_to) for past in older.items] == [
        (Decimal("2.55"), DECEMBER, page.items[0].valid_from)
    ]
    told = await shop.db.pool.fetchval("SELECT payload->>'previousAmount' FROM runtime.outbox ORDER BY position DESC")
    assert told == "2.55"
    assert await shop.db.pool.fetchval("SELECT actor || ' ' || action FROM runtime.audit_entry") == (
        "maria pricing.set_price"
    )
