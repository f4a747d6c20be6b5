"""Stock of many SKUs: for staff, some by name, or all page by page, in the same order."""

from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contexts.inventory.list_stock.query import ListStock, SkuStock, StockPage
from tradewind.contexts.inventory.set_bundle.command import SetBundle
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.pages import UnfitCursor

STAFF = a_call("warehouse")


async def listed(store: Store, call: Any = STAFF, **what: Any) -> StockPage:
    page: StockPage = await store.shop.dispatch(ListStock(**what), call)
    return page


async def test_customers_and_the_cursor_of_another_list_are_refused(store: Store) -> None:
    with pytest.raises(Forbidden):
        await listed(store, a_call("customer"))
    with pytest.raises(UnfitCursor):
        await listed(store, cursor="made-up")


async def test_some_skus_are_shown_with_all_their_warehouses_and_what_was_never_there_is_missing(store: Store) -> None:
    await store.fill(B=5, A=9, NEW=0)
    await store.open("NORTH")
    await store.put("NORTH", A=2)
    await store.reserve(wants(A=4))
    page = await listed(store, skus="B,NONE,NEW,A")
    ids = dict(await store.db.pool.fetch("SELECT DISTINCT sku, product_id FROM inventory.inventory_stock"))
    assert page.next is None
    assert page.items == [
        SkuStock(sku="A", product_id=ids["A"], on_hand=11, reserved=4, available=7, version=1),
        SkuStock(sku="B", product_id=ids["B"], on_hand=5, reserved=0, available=5, version=0),
    ]


async def test_all_skus_are_leafed_through_in_their_order(store: Store) -> None:
    await store.fill(**{f"S{number:02}": number + 1 for number in range(7)})
    pages, cursor = list[list[str]](), None
    while True:
        page = await listed(store, limit=3, cursor=cursor)
        pages.append([one.sku for one in page.items])
        cursor = page.next
        if cursor is None:
            break
    assert pages == [["S00", "S01", "S02"], ["S03", "S04", "S05"], ["S06"]]


async def test_of_a_bundle_there_are_as_many_as_can_be_put_together(store: Store) -> None:
    await store.fill(LAMP=9, ROPE=5, KIT=0)
    await store.shop.dispatch(SetBundle(sku="KIT", parts={"LAMP": 2, "ROPE": 1}), STAFF)
    (kit,) = (await listed(store, skus="KIT")).items
    assert (kit.on_hand, kit.reserved, kit.available) == (4, 0, 4)
    assert kit.version > 2**40
