"""Searching a shop: what is shown follows the events, at once and exactly."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.builders import a_delivery, a_product
from tests.shops import Shop, a_call, until
from tradewind.contexts.catalog.search_products.query import FoundProducts, SearchProducts, UnfitSearch
from tradewind.contexts.catalog.suggest_products.query import SuggestProducts
from tradewind.contracts.catalog import ProductDeleted, ProductUpdated
from tradewind.contracts.inventory import InventoryPeer, InventoryReserved, Wanted
from tradewind.contracts.pricing import (
    FlashSaleEnded,
    FlashSaleExhausted,
    FlashSaleReopened,
    FlashSaleStarted,
    PricingPeer,
)
from tradewind.contracts.reviews import RatingChanged
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.kernel.pages import UnfitCursor

IDENTIFY = "SELECT id FROM catalog.products WHERE sku = $1"


@pytest_asyncio.fixture
async def lamp(working_shop: Shop) -> AsyncIterator[UUID]:
    """A product that is found: 10 pieces at 12.50 EUR."""
    await a_product(working_shop, "LAMP")
    await shows(working_shop, "lamp", available=10)
    yield await working_shop.db.pool.fetchval(IDENTIFY, "LAMP")


async def search(shop: Shop, text: str = "", **more: Any) -> FoundProducts:
    found: FoundProducts = await shop.dispatch(SearchProducts(text=text, **more), a_call("anonymous"))
    return found


async def shows(shop: Shop, text: str, **expected: Any) -> Any:
    """Wait until the only product found is shown like this."""

    async def look() -> Any:
        try:
            found = await search(shop, text)
        except Exception:
            return None
        (item,) = found.items if len(found.items) == 1 else (None,)
        return item if item and all(getattr(item, name) == value for name, value in expected.items()) else None

    return await until(shop, look)


async def tell(shop: Shop, *events: Any) -> None:
    async with shop.db.transaction(a_call("system")) as tx:
        tx.tell(*events)


async def finds(shop: Shop, text: str, count: int) -> None:
    async def look() -> bool:
        return (await search(shop, text)).total == count

    await until(shop, look)


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": 101},
        {"min_price": Decimal("NaN")},
        {"max_price": Decimal(-1)},
        {"attributes": ("language",)},
        {"attributes": tuple(f"a:{n}" for n in range(17))},
    ],
)
async def test_a_search_for_what_cannot_be_is_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    with pytest.raises(UnfitSearch):
        await search(shop, **wrong)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "0", "é", "lcQIXulntHG8hcUUz_N0Gok70-5YAJA", "//+/"])
async def test_a_cursor_that_no_search_gave_is_refused(working_shop: Shop, lamp: UUID, cursor: str) -> None:
    with pytest.raises(UnfitCursor):
        await search(working_shop, cursor=cursor)


async def test_a_price_shows_as_soon_as_pricing_tells_of_it(working_shop: Shop, lamp: UUID) -> None:
    async with working_shop.db.transaction(a_call("system")) as tx:
        await tx.peer(PricingPeer).set_price(tx, lamp, "LAMP", Money(990, "EUR"), reason="a test")
    item = await shows(working_shop, "lamp", available=10)
    item = await until(working_shop, lambda: _priced(working_shop, Decimal("9.90")))
    assert (item.price.currency, item.regular_price) == ("EUR", None)


async def _priced(shop: Shop, amount: Decimal) -> Any:
    (item,) = (await search(shop, "lamp")).items
    return item if item.price.amount == amount else None


async def test_a_flash_sale_shows_its_price_until_it_is_sold_out_or_ends(working_shop: Shop, lamp: UUID) -> None:
    sale = new_id()
    told: dict[str, Any] = {"sale_id": sale, "product_ids": (lamp,)}
    times: dict[str, Any] = {"starts_at": now(), "ends_at": now() + timedelta(hours=1)}
    await tell(working_shop, FlashSaleStarted(**told, **times, sku="LAMP", price=Decimal(5), currency="EUR"))
    item = await until(working_shop, lambda: _priced(working_shop, Decimal(5)))
    assert item.regular_price.amount == Decimal("12.50")
    await tell(working_shop, FlashSaleExhausted(**told, sku="LAMP"))
    item = await until(working_shop, lambda: _priced(working_shop, Decimal("12.50")))
    assert item.regular_price is None
    await tell(working_shop, FlashSaleReopened(**told, sku="LAMP", left=1))
    assert await until(working_shop, lambda: _priced(working_shop, Decimal(5)))
    await tell(working_shop, FlashSaleEnded(**told, ended_at=now()))
    assert await until(working_shop, lambda: _priced(working_shop, Decimal("12.50")))


async def test_stock_shows_what_orders_hold_and_what_comes_back(working_shop: Shop, lamp: UUID) -> None:
    order = new_id()
    async with working_shop.db.transaction(a_call("system")) as tx:
        inventory = tx.peer(InventoryPeer)
        (held,) = await inventory.reserve(tx, [Wanted(order, {"LAMP": 10})])
        assert isinstance(held, InventoryReserved)
        tx.tell(held)
    await shows(working_shop, "lamp", available=0)
    assert (await search(working_shop, "lamp", in_stock=True)).total == 0
    async with working_shop.db.transaction(a_call("system")) as tx:
        await tx.peer(InventoryPeer).release(tx, [order], "a test")
    await shows(working_shop, "lamp", available=10)
    await a_delivery(working_shop, "LAMP", 4)
    await shows(working_shop, "lamp", available=14)
    await a_delivery(working_shop, "LAMP", 400)
    await shows(working_shop, "lamp", available=20)


async def test_a_rating_shows_when_reviews_add_up_to_it(working_shop: Shop, lamp: UUID) -> None:
    await shows(working_shop, "lamp", rating=None)
    await tell(working_shop, RatingChanged(product_id=lamp, average=Decimal("4.25"), count=4))
    await shows(working_shop, "lamp", rating=Decimal("4.25"), rating_count=4)


async def test_what_is_archived_or_deleted_is_found_no_more_until_it_comes_back(working_shop: Shop, lamp: UUID) -> None:
    described = ProductUpdated(product_id=lamp, sku="LAMP", name="Brass lantern", category="light", version=2)
    archived = ProductUpdated(
        product_id=lamp, sku="LAMP", name="Brass lantern", category="light", status="ARCHIVED", version=3
    )
    await tell(working_shop, described)
    await shows(working_shop, "lantern", name="Brass lantern", category="light")
    await tell(working_shop, archived)
    await finds(working_shop, "", 0)
    await tell(working_shop, described)
    await finds(working_shop, "lantern", 1)
    await tell(working_shop, ProductDeleted(product_id=lamp, sku="LAMP"))
    await finds(working_shop, "", 0)


async def test_everything_that_was_told_of_a_product_is_searched_and_counted(working_shop: Shop, lamp: UUID) -> None:
    await tell(
        working_shop,
        ProductUpdated(
            product_id=lamp,
            sku="LAMP",
            name="Reading light",
            category="Lamps",
            category_path=("home", "lamps"),
            brand="Glowmore",
            description="Folds away.",
            attributes={
                "authors": "Ann Smith, Bo Ek",
                "dimmable": True,
                "watts": 4.5,
                "x_ratings_count": 77,
                "isbn": "0439",
            },
        ),
    )
    for text in ("reading", "glowmore", "smith", "folding", "lamps", "0439"):
        await finds(working_shop, text, 1)
    facets = (await search(working_shop)).facets
    assert {name: [(one.value, one.count) for one in values] for name, values in facets.items()} == {
        "category": [("home", 1), ("home/lamps", 1)],
        "price": [("10-20", 1)],
        "inStock": [("true", 1)],
        "brand": [("Glowmore", 1)],
        "authors": [("Ann Smith", 1), ("Bo Ek", 1)],
        "dimmable": [("yes", 1)],
        "watts": [("4.5", 1)],
    }
    assert (await search(working_shop, attributes=("authors:Bo Ek", "dimmable:yes"), category="home")).total == 1
    assert (await search(working_shop, attributes=("dimmable:no",))).total == 0


async def test_what_was_typed_so_far_is_gone_on_from(working_shop: Shop, lamp: UUID) -> None:
    nothing = await working_shop.dispatch(SuggestProducts(text=" "), a_call("anonymous"))
    found = await working_shop.dispatch(SuggestProducts(text="la"), a_call("anonymous"))
    assert (list(nothing.items), [(one.text, one.sku) for one in found.items]) == ([], [("LAMP", "LAMP")])
