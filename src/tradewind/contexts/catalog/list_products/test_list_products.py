"""Leafing through the products, and looking at one."""

from decimal import Decimal
from typing import Any

import pytest

from tests.shops import a_call, until, working
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.contexts.catalog.get_product.query import GetProduct
from tradewind.contexts.catalog.list_products.query import ListProducts
from tradewind.contracts.pricing import PricingPeer
from tradewind.kernel.errors import Invalid
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money


async def five_products(shop: Any) -> list[ProductView]:
    return [
        await shop.dispatch(
            CreateProduct(sku=f"SKU{n}", name="Thing", category=f"cat{n % 2}", amount=Decimal("1.00"), currency="GBP"),
            a_call("merchandiser"),
        )
        for n in range(5)
    ]


@pytest.mark.parametrize("limit", [0, 201])
async def test_a_page_has_a_limit_that_is_kept(shop: Any, limit: int) -> None:
    with pytest.raises(Invalid):
        await shop.dispatch(ListProducts(limit=limit), a_call("anonymous"))


async def test_an_unknown_product_is_not_found(shop: Any) -> None:
    with pytest.raises(NoSuchProduct):
        await shop.dispatch(GetProduct(product_id=new_id()), a_call("anonymous"))


async def test_pages_follow_each_other_without_gap_or_repetition(shop: Any) -> None:
    made = await five_products(shop)
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = await shop.dispatch(ListProducts(limit=2, cursor=cursor), a_call("anonymous"))
        seen += page.items
        cursor, pages = page.next, pages + 1
    assert (seen, pages) == (made, 3)


async def test_products_are_found_by_sku_and_by_category(shop: Any) -> None:
    made = await five_products(shop)
    by_sku = await shop.dispatch(ListProducts(sku="SKU3"), a_call("anonymous"))
    by_category = await shop.dispatch(ListProducts(category="cat1", limit=2), a_call("anonymous"))
    assert (list(by_sku.items), by_sku.next) == ([made[3]], None)
    assert (list(by_category.items), by_category.next) == ([made[1], made[3]], None)


async def test_the_catalog_shows_the_price_that_pricing_told(shop: Any) -> None:
    (one, *_) = await five_products(shop)
    call = a_call("system")
    async with shop.db.transaction(call) as tx:
        pricing = tx.peer(PricingPeer)
        await pricing.set_price(tx, one.id, one.sku, Money(350, "EUR"), reason="a test")

    async def shown() -> bool:
        seen = await shop.dispatch(GetProduct(product_id=one.id), a_call("anonymous"))
        return (seen.price.amount, seen.price.currency) == (Decimal("3.50"), "EUR")

    assert not await shown()
    async with working(shop):
        assert await until(shop, shown)
