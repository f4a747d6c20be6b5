"""Taking in many products at once: who may, how many, and what two feeds do that come at the same time."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tradewind.contexts.catalog._domain.product import FirstPrice
from tradewind.contexts.catalog.conftest import Shelf
from tradewind.contexts.catalog.import_products.command import MAX_PRODUCTS, Imported, ImportProducts
from tradewind.contexts.catalog.import_products.planning import FeedProduct
from tradewind.kernel.errors import Forbidden, Invalid


def a_line(n: int, **different: Any) -> FeedProduct:
    """A line that would be taken in."""
    usual = {"sku": f"T-{n}", "name": f"Torch {n}", "category": ("Light", f"Shelf {n % 3}"), "stock": n}
    return FeedProduct(**{"price": FirstPrice(Decimal("1.50"), "EUR"), **usual, **different})


def a_feed(*lines: FeedProduct, **different: Any) -> ImportProducts:
    return ImportProducts(**{"source": "test", "products": lines, **different})


async def test_only_merchants_take_in_and_only_so_many_at_once(shelf: Shelf) -> None:
    before = await shelf.written()
    with pytest.raises(Forbidden):
        await shelf.do(a_feed(a_line(1)), "customer")
    for wrong in ((), [a_line(n) for n in range(MAX_PRODUCTS + 1)]):
        with pytest.raises(Invalid):
            await shelf.do(a_feed(*wrong))
    assert await shelf.written() == before


async def test_what_a_line_breaks_is_named_and_the_others_are_taken_in(shelf: Shelf) -> None:
    deep = tuple(f"Level {n}" for n in range(9))
    bad = [a_line(2, name=" "), a_line(3, category=()), a_line(4, category=deep), a_line(5, stock=-1), a_line(1)]
    found = await shelf.do(a_feed(a_line(1), *bad, a_line(6)))
    assert (found.created, [(one.index, one.error.split(":")[0]) for one in found.failed]) == (
        2, [(1, "name"), (2, "category"), (3, "category"), (4, "stock"), (5, "sku")],
    )  # fmt: skip


async def test_two_feeds_of_the_same_products_at_once_make_each_of_them_once(shelf: Shelf) -> None:
    lines = [a_line(n) for n in range(1, 60)]
    feeds = [a_feed(*lines), a_feed(*reversed(lines)), a_feed(*lines[20:], source="other")]
    found: list[Imported] = await asyncio.gather(*map(shelf.do, feeds))
    assert sum(one.created for one in found) == 59
    assert sum(one.created + one.unchanged for one in found) == 59 + 59 + 39
    rows = await shelf.shop.db.pool.fetch("SELECT sku, on_hand FROM inventory.inventory_stock")
    assert {row["sku"]: row["on_hand"] for row in rows} == {f"T-{n}": n for n in range(1, 60)}
    assert await shelf.shop.db.pool.fetchval("SELECT count(*) FROM pricing.product_price_history") == 59
    assert await shelf.shop.db.pool.fetchval("SELECT count(*) FROM catalog.categories") == 4
