"""What goes with what: learned order by order, explained, and never empty while there is something to sell."""

from decimal import Decimal
from uuid import UUID

import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call, until
from tradewind.contexts.recommendations._domain.recommendation import Recommendations
from tradewind.contexts.recommendations._projections.baskets import baskets
from tradewind.contexts.recommendations._projections.products import products
from tradewind.contexts.recommendations._store.recommendations import NoSuchProduct
from tradewind.contexts.recommendations.recommend_for_you.query import RecommendForYou
from tradewind.contexts.recommendations.recommend_with.query import RecommendWith
from tradewind.contracts.catalog import ProductCreated, ProductDeleted, ProductUpdated
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import OrderCancelled, OrderedItem, OrderPaid, OrderPlaced
from tradewind.contracts.privacy import Person
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call

NAMES = {
    "HUNGER": ("The Hunger Games", "Suzanne Collins"),
    "FIRE": ("Catching Fire", "Suzanne Collins"),
    "POTTER": ("Harry Potter and the Stone", "J.K. Rowling"),
    "CHAMBER": ("Harry Potter and the Chamber", "J.K. Rowling"),
    "COOKING": ("Cooking for One", "Ann Onymous"),
}
PAIRS = "SELECT together FROM recommendations.pair WHERE product_id = $1 AND other_id = $2"


async def hear(shop: Shop, *events: Event) -> None:
    """What the relay would do with them."""
    mine = [one for one in events if type(one) in products.events]
    others = [one for one in events if type(one) in baskets.events]
    async with shop.db.transaction(internal_call("test")) as tx:
        if mine:
            await products.react(mine, tx)
        if others:
            await baskets.react(others, tx)


async def a_shelf(shop: Shop) -> dict[str, UUID]:
    """Five books by three authors."""
    ids = {sku: new_id() for sku in NAMES}
    described = [
        ProductCreated(product_id=ids[sku], sku=sku, name=name, category="books", attributes={"author": author})
        for sku, (name, author) in NAMES.items()
    ]
    await hear(shop, *described)
    return ids


def an_order(*product_ids: UUID, user_id: str = "ann") -> tuple[OrderPlaced, OrderPaid]:
    order_id = new_id()
    placed = OrderPlaced(
        order_id=order_id, user_id=user_id, total_amount=Decimal(1), currency="EUR", shipping_amount=Decimal(0),
        tax_amount=Decimal(0), discount_amount=Decimal(0), placed_at=now(),
        items=tuple(OrderedItem(one, str(one), 1, Decimal(1)) for one in product_ids),
    )  # fmt: skip
    return placed, OrderPaid(order_id=order_id, total_amount=Decimal(1), currency="EUR")


async def seen(shop: Shop, command: RecommendWith | RecommendForYou, subject: str = "ann") -> list[tuple[str, str]]:
    answer: Recommendations = await shop.dispatch(command, a_call(subject=subject))
    return [(one.sku, one.because.kind) for one in answer.items]


async def test_of_an_unknown_product_nothing_is_known(shop: Shop) -> None:
    with pytest.raises(NoSuchProduct):
        await seen(shop, RecommendWith(product_id=new_id()))


async def test_what_is_bought_together_comes_first_then_what_is_alike_then_what_is_new(shop: Shop) -> None:
    ids = await a_shelf(shop)
    await hear(shop, *an_order(ids["HUNGER"], ids["COOKING"]), *an_order(ids["HUNGER"], ids["COOKING"], ids["POTTER"]))
    found = await seen(shop, RecommendWith(product_id=ids["HUNGER"]))
    assert found[:3] == [("COOKING", "bought-together"), ("POTTER", "bought-together"), ("FIRE", "similar")]
    assert found[3:] == [("CHAMBER", "similar")]  # it is a book, too
    answer = await shop.dispatch(RecommendWith(product_id=ids["HUNGER"]), a_call("guest"))
    assert answer.items[0].because.text == "Bought together with this 2 times"
    assert answer.items[2].because.shared == ("suzanne collins", "books")


async def test_what_is_alike_shares_what_tells_most(shop: Shop) -> None:
    ids = await a_shelf(shop)
    found = await seen(shop, RecommendWith(product_id=ids["POTTER"], kind="similar", limit=1))
    assert found == [("CHAMBER", "similar")]


async def test_a_new_shop_recommends_what_is_new(shop: Shop) -> None:
    await a_shelf(shop)
    assert {kind for _, kind in await seen(shop, RecommendForYou())} == {"new"}


async def test_what_one_bought_leads_on_and_is_not_recommended_again(shop: Shop) -> None:
    ids = await a_shelf(shop)
    await hear(shop, *an_order(ids["POTTER"]), *an_order(ids["POTTER"], ids["COOKING"], user_id="ben"))
    mine = await seen(shop, RecommendForYou())
    assert mine[:2] == [("COOKING", "for-you"), ("CHAMBER", "for-you")]
    assert "POTTER" not in dict(mine)
    strangers = await seen(shop, RecommendForYou(limit=1), subject="nobody")
    assert strangers == [("POTTER", "popular")]


async def test_an_order_counts_once_however_often_it_is_heard_and_not_once_it_is_off(shop: Shop) -> None:
    ids = await a_shelf(shop)
    placed, paid = an_order(ids["FIRE"], ids["COOKING"])
    await hear(shop, placed, paid, placed, paid)
    assert await shop.db.pool.fetchval(PAIRS, ids["FIRE"], ids["COOKING"]) == 1
    assert await shop.db.pool.fetchval(PAIRS, ids["COOKING"], ids["FIRE"]) == 1
    off = OrderCancelled(order_id=placed.order_id, reason="test", total_amount=Decimal(1), currency="EUR")
    await hear(shop, off, off)
    assert await shop.db.pool.fetchval(PAIRS, ids["FIRE"], ids["COOKING"]) == 0
    bought = await shop.db.pool.fetchval("SELECT sum(bought) FROM recommendations.product")
    assert bought == 0


async def test_what_is_not_sold_any_more_is_not_recommended(shop: Shop) -> None:
    ids = await a_shelf(shop)
    await hear(shop, *an_order(ids["HUNGER"], ids["FIRE"], ids["POTTER"]))
    await hear(shop, ProductDeleted(product_id=ids["FIRE"], sku="FIRE"))
    archived = ProductUpdated(product_id=ids["POTTER"], sku="POTTER", name="x", category="books", status="ARCHIVED")
    await hear(shop, archived)
    assert {sku for sku, _ in await seen(shop, RecommendWith(product_id=ids["HUNGER"]))} == {"COOKING", "CHAMBER"}


async def test_words_are_counted_by_the_products_they_are_of(shop: Shop) -> None:
    ids = await a_shelf(shop)
    for _ in range(2):
        again = ProductUpdated(product_id=ids["FIRE"], sku="FIRE", name="Ashes", category="books")
        await hear(shop, again)
    rows = await shop.db.pool.fetch(
        "SELECT f.term FROM recommendations.frequency AS f WHERE f.products <> "
        "(SELECT count(*) FROM recommendations.term AS t WHERE t.term = f.term)"
    )
    assert rows == []
    assert await shop.db.pool.fetchval("SELECT products FROM recommendations.frequency WHERE term = ''") == 5


async def test_the_whole_shop_learns_from_its_own_events(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    sql = "SELECT product_id FROM recommendations.product WHERE sku = 'BOOK' AND amount = 12.50 AND on_sale"
    assert await until(working_shop, lambda: working_shop.db.pool.fetchval(sql))


async def test_a_person_that_goes_is_not_known_by_what_they_bought(shop: Shop) -> None:
    ids = await a_shelf(shop)
    await hear(shop, *an_order(ids["FIRE"], ids["COOKING"]))
    holder = next(one.personal_data for one in shop.contexts if one.name == "recommendations")
    assert holder
    async with shop.db.transaction(internal_call("test")) as tx:
        exported = await holder.export(tx, Person(user_id="ann"))
        assert exported == {"boughtProducts": sorted([str(ids["FIRE"]), str(ids["COOKING"])])}
        await holder.erase(tx, Person(user_id="ann"))
        assert await holder.export(tx, Person(user_id="ann")) == {}
    assert await shop.db.pool.fetchval(PAIRS, ids["FIRE"], ids["COOKING"]) == 1
