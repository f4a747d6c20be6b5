"""Selling a product no more: its SKU stays its own, its orders go on, nobody orders it again."""

import pytest

from tests.shops import a_call
from tradewind.contexts.catalog._domain.product import NoSuchProduct, SkuTaken, Status
from tradewind.contexts.catalog.archive_product.command import ArchiveProduct
from tradewind.contexts.catalog.conftest import Shelf
from tradewind.contexts.catalog.get_product.query import GetProduct
from tradewind.contexts.catalog.update_product.command import UpdateProduct
from tradewind.contracts.inventory import Delivery, InventoryPeer
from tradewind.contracts.orders import OrderLine, PlaceOrder
from tradewind.kernel.errors import Forbidden, Refusal
from tradewind.kernel.ids import new_id
from tradewind.kernel.versions import Outdated

LAMPS = PlaceOrder(items=(OrderLine(sku="LAMP", qty=1),), payment_method="simulated:approve")


async def test_only_merchants_archive_and_only_what_there_is(shelf: Shelf) -> None:
    lamp = await shelf.product()
    before = await shelf.written()
    with pytest.raises(Forbidden):
        await shelf.do(ArchiveProduct(product_id=lamp.id), "customer")
    with pytest.raises(NoSuchProduct):
        await shelf.do(ArchiveProduct(product_id=new_id()))
    with pytest.raises(Outdated):
        await shelf.do(ArchiveProduct(product_id=lamp.id, expected=2))
    assert await shelf.written() == before


async def test_what_is_archived_cannot_be_ordered_and_what_was_ordered_goes_on(shelf: Shelf) -> None:
    lamp = await shelf.product()
    async with shelf.shop.db.transaction(a_call("system")) as tx:
        await tx.peer(InventoryPeer).receive(tx, [Delivery("LAMP", lamp.id, 5)], reason="a test")
    placed = await shelf.do(LAMPS, "customer")
    await shelf.do(ArchiveProduct(product_id=lamp.id, expected=1))
    with pytest.raises(Refusal) as refused:
        await shelf.do(LAMPS, "customer")
    assert type(refused.value).__name__ == "UnknownProduct"
    status = await shelf.shop.db.pool.fetchval("SELECT status FROM orders.orders WHERE id = $1", placed.id)
    assert status == "RESERVED"
    with pytest.raises(SkuTaken):
        await shelf.product("LAMP")


async def test_it_is_told_once_and_can_be_brought_back(shelf: Shelf) -> None:
    lamp = await shelf.product()
    await shelf.do(ArchiveProduct(product_id=lamp.id))
    before = await shelf.written()
    await shelf.do(ArchiveProduct(product_id=lamp.id))
    assert await shelf.written() == before
    assert (await shelf.told(lamp.id))[-1] == "product.deleted"
    await shelf.do(UpdateProduct(product_id=lamp.id, status=Status.DRAFT))
    again = await shelf.do(UpdateProduct(product_id=lamp.id, status=Status.ACTIVE))
    assert (again.status, again.version) == (Status.ACTIVE, 4)
    assert (await shelf.told(lamp.id))[-2:] == ["product.updated", "product.updated"]
    assert (await shelf.do(GetProduct(product_id=lamp.id), "anonymous")).sku == "LAMP"
