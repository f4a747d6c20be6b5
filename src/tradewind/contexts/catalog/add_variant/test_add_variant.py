"""Variants: SKUs of their own below one product, each combination of options once."""

import asyncio
from decimal import Decimal

import pytest

from tradewind.contexts.catalog._domain.product import FirstPrice, InvalidProduct, NoSuchProduct, SkuTaken, Status
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.add_variant.command import AddVariant, NoVariants, SuchVariantExists
from tradewind.contexts.catalog.archive_product.command import ArchiveProduct
from tradewind.contexts.catalog.conftest import Shelf
from tradewind.contexts.catalog.get_product.query import FindProduct, GetProduct
from tradewind.contexts.catalog.list_products.query import ListProducts
from tradewind.contexts.catalog.update_product.command import UpdateProduct
from tradewind.contexts.catalog.update_product.test_update_product import is_sold
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

RED_M = {"colour": "red", "size": "M"}


async def shirt(shelf: Shelf) -> ProductView:
    return await shelf.product("SHIRT", name="Shirt", option_names=("size", "colour"), attributes={"cotton": True})


async def test_what_is_no_variant_is_refused_and_nothing_is_written(shelf: Shelf) -> None:
    parent, lamp = await shirt(shelf), await shelf.product()
    await shelf.do(AddVariant(parent_id=parent.id, sku="SHIRT-RM", options=RED_M))
    before = await shelf.written()
    for parent_id, sku, options, refusal in [
        (new_id(), "X", RED_M, NoSuchProduct),
        (lamp.id, "X", RED_M, NoVariants),
        (parent.id, "X", {"size": "M"}, InvalidProduct),
        (parent.id, "X", {**RED_M, "cut": "slim"}, InvalidProduct),
        (parent.id, "X", {"colour": "red", "size": " "}, InvalidProduct),
        (parent.id, "LAMP", {"colour": "red", "size": "L"}, SkuTaken),
        (parent.id, "X", RED_M, SuchVariantExists),
    ]:
        with pytest.raises(refusal):
            await shelf.do(AddVariant(parent_id=parent_id, sku=sku, options=options))
    with pytest.raises(Forbidden):
        await shelf.do(AddVariant(parent_id=parent.id, sku="X", options=RED_M), "customer")
    assert await shelf.written() == before


async def test_of_many_who_add_one_combination_at_once_one_wins(shelf: Shelf) -> None:
    parent = await shirt(shelf)
    tries = [shelf.do(AddVariant(parent_id=parent.id, sku=f"SHIRT-{n}", options=RED_M)) for n in range(6)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, ProductView) for answer in answers) == 1
    assert sum(isinstance(answer, SuchVariantExists) for answer in answers) == 5


async def test_variants_are_sold_and_their_parent_is_not(shelf: Shelf) -> None:
    parent = await shirt(shelf)
    dear = FirstPrice(Decimal("9.99"), "EUR")
    await shelf.do(AddVariant(parent_id=parent.id, sku="SHIRT-RM", options=RED_M))
    large = {"colour": "red", "size": "XL"}
    await shelf.do(AddVariant(parent_id=parent.id, sku="SHIRT-RXL", options=large, price=dear))
    assert [await is_sold(shelf, sku) for sku in ("SHIRT", "SHIRT-RM", "SHIRT-RXL")] == [False, True, True]
    seen = await shelf.do(GetProduct(product_id=parent.id), "anonymous")
    assert [(one.sku, one.options, one.price.amount) for one in seen.variants] == [
        ("SHIRT-RM", RED_M, Decimal("2.55")),
        ("SHIRT-RXL", large, Decimal("9.99")),
    ]
    one = await shelf.do(FindProduct(sku="SHIRT-RM"), "anonymous")
    assert (one.parent_id, one.name, one.attributes, one.variants) == (parent.id, "Shirt", {"cotton": True}, ())
    assert [item.sku for item in (await shelf.do(ListProducts(), "anonymous")).items] == ["SHIRT"]
    assert [item.sku for item in (await shelf.do(ListProducts(sku="SHIRT-RM"), "anonymous")).items] == ["SHIRT-RM"]


async def test_where_the_parent_goes_its_variants_go(shelf: Shelf) -> None:
    parent = await shirt(shelf)
    one = await shelf.do(AddVariant(parent_id=parent.id, sku="SHIRT-RM", options=RED_M))
    await shelf.do(UpdateProduct(product_id=parent.id, status=Status.DRAFT))
    assert not await is_sold(shelf, "SHIRT-RM")
    await shelf.do(UpdateProduct(product_id=parent.id, status=Status.ACTIVE))
    assert await is_sold(shelf, "SHIRT-RM")
    await shelf.do(ArchiveProduct(product_id=parent.id))
    assert not await is_sold(shelf, "SHIRT-RM")
    assert (await shelf.told(one.id))[-1] == "product.deleted"
