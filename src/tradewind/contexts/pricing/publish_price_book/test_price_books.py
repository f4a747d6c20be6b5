"""Price books: what may not be written, which price counts then, and that changes are told exactly once."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.pricing._domain.price_book import (
    Entry,
    InvalidPriceBook,
    NoSuchPriceBook,
    NothingToPublish,
    PriceBook,
    VersionState,
)
from tradewind.contexts.pricing.change_price_book.command import ChangePriceBook
from tradewind.contexts.pricing.create_price_book.command import CreatePriceBook
from tradewind.contexts.pricing.enter_prices.command import EnterPrices
from tradewind.contexts.pricing.get_price_book.query import ListBookEntries, ListBookVersions
from tradewind.contexts.pricing.publish_price_book.command import PublishPriceBook
from tradewind.contexts.pricing.tell_prices.timer import notice
from tradewind.contracts.pricing import NoSuchPrice, PricingPeer
from tradewind.kernel import clock
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.kernel.versions import Outdated

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOLD = """
    SELECT payload->>'sku', payload->>'amount' FROM runtime.outbox
    WHERE type = 'ecommerce.pricing.price.changed.v1' ORDER BY position
"""


async def do(shop: Any, command: Any) -> PriceBook:
    answer: PriceBook = await shop.dispatch(command, a_call("merchandiser"))
    return answer


async def a_book(shop: Any, *entries: tuple[str, str, int], publish: bool = True, **different: Any) -> PriceBook:
    book = await do(shop, CreatePriceBook(**{"name": "autumn", "currency": "EUR", **different}))
    rows = [Entry(sku=sku, amount=Decimal(amount), min_quantity=least) for sku, amount, least in entries]
    book = await do(shop, EnterPrices(book_id=book.id, entries=rows))
    return await do(shop, PublishPriceBook(book_id=book.id)) if publish else book


async def look(shop: Any, moment: datetime | None = None) -> int:
    with clock.held(moment or clock.now()):
        async with shop.db.transaction(a_call("system")) as tx:
            return await notice(tx)


async def told(shop: Any) -> list[tuple[str, str]]:
    return [tuple(row) for row in await shop.db.pool.fetch(TOLD)]


async def price_of(shop: Any, sku: str) -> Money:
    async with shop.db.reading(a_call()) as tx:
        price: Money = (await tx.peer(PricingPeer).prices(tx, [sku], []))[sku].price
        return price


async def test_a_customer_writes_no_price_books(shop: Any) -> None:
    with pytest.raises(Forbidden):
        await shop.dispatch(CreatePriceBook(name="mine", currency="EUR"), a_call("customer"))
    assert await shop.db.pool.fetchval("SELECT count(*) FROM pricing.price_book") == 0


async def test_a_book_that_breaks_rules_is_refused_with_a_pointer_for_each(shop: Any) -> None:
    wrong = CreatePriceBook(name=" ", currency="EUR", valid_from=NOON, valid_to=NOON)
    with pytest.raises(InvalidPriceBook) as refused:
        await do(shop, wrong)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == ["/validTo", "/name"]
    assert await shop.db.pool.fetchval("SELECT count(*) FROM pricing.price_book") == 0


async def test_entries_that_break_rules_leave_the_draft_as_it_was(shop: Any) -> None:
    book = await a_book(shop, ("A-1", "9.00", 1), publish=False)
    rows = [
        Entry(sku="A-1", amount=Decimal("1.00")),
        Entry(sku="A-1", amount=Decimal("2.00")),
        Entry(sku="B-1", amount=Decimal("0.001"), min_quantity=0),
        Entry(sku="C-1", amount=Decimal(0)),
    ]
    with pytest.raises(InvalidPriceBook) as refused:
        await do(shop, EnterPrices(book_id=book.id, entries=rows))
    pointers = [error["pointer"] for error in refused.value.facts["errors"]]
    assert pointers == ["/entries/1", "/entries/2/minQuantity", "/entries/2/amount", "/entries/3/amount"]
    page = await shop.dispatch(ListBookEntries(book_id=book.id), a_call("merchandiser"))
    assert page.items == (Entry(sku="A-1", amount=Decimal("9.00")),)


async def test_an_unknown_book_and_an_empty_draft_are_not_published(shop: Any) -> None:
    with pytest.raises(NoSuchPriceBook):
        await do(shop, PublishPriceBook(book_id=new_id()))
    book = await do(shop, CreatePriceBook(name="empty", currency="EUR"))
    with pytest.raises(NothingToPublish):
        await do(shop, PublishPriceBook(book_id=book.id))


async def test_of_two_who_change_one_version_of_a_book_one_is_told(shop: Any) -> None:
    book = await do(shop, CreatePriceBook(name="both", currency="EUR"))
    tries = [do(shop, ChangePriceBook(book_id=book.id, expected=1, name=name)) for name in ("mine", "yours")]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Outdated", "PriceBook"]
    assert any(isinstance(answer, Outdated) and answer.facts == {"version": 2} for answer in answers)


async def test_a_book_counts_once_it_is_published_and_that_is_told_once(shop: Any, goods: Any) -> None:
    await goods("A-1")
    await goods("B-1")
    book = await a_book(shop, ("A-1", "8.00", 1), ("B-1", "10.00", 1), publish=False)
    assert await price_of(shop, "A-1") == Money(1000, "EUR")
    await do(shop, PublishPriceBook(book_id=book.id))
    assert await price_of(shop, "A-1") == Money(800, "EUR")
    looks = await asyncio.gather(*(look(shop) for _ in range(4)))
    assert sum(looks) == 2
    assert await look(shop) == 0
    assert await told(shop) == [("A-1", "10.00"), ("B-1", "10.00"), ("A-1", "8.00")]


async def test_a_window_that_begins_and_ends_is_noticed_each_time(shop: Any, goods: Any) -> None:
    with clock.held(NOON):
        await goods("A-1")
        await a_book(shop, ("A-1", "8.00", 1), valid_from=NOON + HOUR, valid_to=NOON + 2 * HOUR)
        assert await look(shop, NOON) == 1
    seen = []
    for hours in (1, 1, 1.5, 2, 3):
        await look(shop, NOON + hours * HOUR)
        seen.append(len(await told(shop)))
    assert seen == [2, 2, 2, 3, 3]
    assert await told(shop) == [("A-1", "10.00"), ("A-1", "8.00"), ("A-1", "10.00")]


async def test_a_product_that_a_book_knew_first_gets_its_price_with_its_birth(shop: Any, goods: Any) -> None:
    await a_book(shop, ("A-1", "8.00", 1))
    assert await look(shop) == 1
    await goods("A-1")
    assert await look(shop) == 1
    assert await told(shop) == [("A-1", "10.00"), ("A-1", "8.00")]


async def test_a_new_version_takes_the_place_of_the_old_one_which_stays_to_be_seen(shop: Any, goods: Any) -> None:
    await goods("A-1")
    book = await a_book(shop, ("A-1", "8.00", 1), ("B-1", "5.00", 1))
    await do(shop, EnterPrices(book_id=book.id, entries=[Entry(sku="A-1", amount=Decimal("7.00"))], remove=["B-1"]))
    assert await price_of(shop, "A-1") == Money(800, "EUR")
    await do(shop, PublishPriceBook(book_id=book.id))
    assert await price_of(shop, "A-1") == Money(700, "EUR")
    history = await shop.dispatch(ListBookVersions(book_id=book.id), a_call("merchandiser"))
    assert [(one.number, one.state, one.entries) for one in history.items] == [
        (2, VersionState.ACTIVE, 1),
        (1, VersionState.RETIRED, 2),
    ]
    first = await shop.dispatch(ListBookEntries(book_id=book.id, number=1, limit=1), a_call("merchandiser"))
    rest = await shop.dispatch(ListBookEntries(book_id=book.id, number=1, cursor=first.next), a_call("merchandiser"))
    assert [(one.sku, one.amount) for one in (*first.items, *rest.items)] == [
        ("A-1", Decimal("8.00")),
        ("B-1", Decimal("5.00")),
    ]


async def test_quantity_breaks_and_groups_are_for_whom_they_are_for(shop: Any, goods: Any, ask: Any) -> None:
    await goods("A-1")
    await a_book(shop, ("A-1", "9.00", 1), ("A-1", "8.00", 10))
    await a_book(shop, ("A-1", "7.50", 1), customer_group="vip", name="for friends")
    assert (await ask({"A-1": 9})).total == Money(8100, "EUR")
    assert (await ask({"A-1": 10})).total == Money(8000, "EUR")
    assert (await ask({"A-1": 10}, groups=frozenset({"vip"}))).total == Money(7500, "EUR")
    assert await price_of(shop, "A-1") == Money(900, "EUR")


async def test_a_product_costs_in_each_currency_what_a_book_says_and_nothing_is_converted(
    shop: Any, goods: Any, ask: Any
) -> None:
    await goods("A-1")
    with pytest.raises(NoSuchPrice) as refused:
        await ask({"A-1": 1}, currency="JPY")
    assert refused.value.facts == {"skus": ["A-1"], "currency": "JPY"}
    await a_book(shop, ("A-1", "1600", 1), currency="JPY")
    assert (await ask({"A-1": 2}, currency="JPY")).total == Money(3200, "JPY")
    assert (await ask({"A-1": 2})).total == Money(2000, "EUR")
