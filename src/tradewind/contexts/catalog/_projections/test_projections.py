"""What the catalog shows of others: by their events alone, in the order in which they happened."""

from decimal import Decimal

import pytest

from tests.shops import Shop, a_call, until, working
from tradewind.contexts.catalog._domain.product import FirstPrice
from tradewind.contexts.catalog._domain.views import ProductView, RatingView
from tradewind.contexts.catalog._projections.inventory_snapshot import availability
from tradewind.contexts.catalog.add_variant.command import AddVariant
from tradewind.contexts.catalog.conftest import Shelf
from tradewind.contexts.catalog.get_product.query import GetProduct
from tradewind.contracts.inventory import (
    Delivery,
    InventoryPeer,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    ReservedLine,
    StockAdjusted,
)
from tradewind.contracts.orders import OrderLine, PlaceOrder
from tradewind.contracts.reviews import RatingChanged
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id


def adjusted(sku: str, on_hand: int, reserved: int) -> StockAdjusted:
    return StockAdjusted(product_id=new_id(), sku=sku, delta=1, on_hand=on_hand, reserved=reserved, reason="x")


def reserved(**lines: int) -> InventoryReserved:
    items = tuple(ReservedLine(sku, qty) for sku, qty in lines.items())
    return InventoryReserved(order_id=new_id(), items=items, expires_at=now())


async def counted(shop: Shop) -> dict[str, int]:
    return {row["sku"]: row["available"] for row in await shop.db.pool.fetch("SELECT * FROM catalog.availability")}


@pytest.mark.parametrize("together", [True, False])
async def test_it_is_the_same_however_the_events_come_together(shop: Shop, together: bool) -> None:
    free = (ReservedLine("A", 2),)
    events = [
        adjusted("A", 10, 0),
        reserved(A=2, B=1),
        InventoryReleased(order_id=new_id(), reason="x", items=free),
        reserved(A=3),
        adjusted("B", 9, 1),
        InventoryReservationExpired(order_id=new_id(), items=free),
        adjusted("A", 20, 3),
        reserved(A=7),
    ]
    for batch in [events] if together else [[event] for event in events]:
        async with shop.db.transaction(a_call("system")) as tx:
            await availability.react(batch, tx)
    assert await counted(shop) == {"A": 10, "B": 8}


async def delivered(shop: Shop, view: ProductView, pieces: int) -> None:
    async with shop.db.transaction(a_call("system")) as tx:
        await tx.peer(InventoryPeer).receive(tx, [Delivery(view.sku, view.id, pieces)], reason="a test")


async def test_an_order_and_its_cancellation_are_seen_on_the_product(shelf: Shelf) -> None:
    shop = shelf.shop
    lamp = await shelf.product()
    await delivered(shop, lamp, 5)
    call = a_call("customer")

    async def left(pieces: int) -> bool:
        return bool((await shelf.do(GetProduct(product_id=lamp.id), "anonymous")).available == pieces)

    async with working(shop):
        await until(shop, lambda: left(5))
        placed = await shop.dispatch(PlaceOrder(items=(OrderLine(sku="LAMP", qty=2),)), call)
        await until(shop, lambda: left(3))
        async with shop.db.transaction(a_call("system")) as tx:
            await tx.peer(InventoryPeer).release(tx, [placed.id], "a test")
        await until(shop, lambda: left(5))
    row = await shop.db.pool.fetchrow("SELECT on_hand - reserved AS left FROM inventory.inventory_stock")
    assert (row["left"], await counted(shop)) == (5, {"LAMP": 5})


async def test_a_parent_shows_what_its_variants_have_and_a_rating_is_what_reviews_told(shelf: Shelf) -> None:
    shop = shelf.shop
    parent = await shelf.product("SHIRT", option_names=("size",))
    price = FirstPrice(Decimal("3.00"), "EUR")
    for size, pieces in (("M", 2), ("L", 3)):
        variant = AddVariant(parent_id=parent.id, sku=f"SHIRT-{size}", options={"size": size}, price=price)
        await delivered(shop, await shelf.do(variant), pieces)
    async with shop.db.transaction(a_call("system")) as tx:
        for average, count in (("5.00", 1), ("4.50", 2)):
            tx.tell(RatingChanged(product_id=parent.id, average=Decimal(average), count=count))

    async def seen() -> bool:
        view = await shelf.do(GetProduct(product_id=parent.id), "anonymous")
        told = RatingView(average=Decimal("4.50"), count=2)
        return (view.available, view.rating, [one.available for one in view.variants]) == (5, told, [2, 3])

    async with working(shop):
        assert await until(shop, seen)
