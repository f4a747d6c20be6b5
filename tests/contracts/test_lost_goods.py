"""Goods that somebody gave back, or that are sold out: who counts on them hears, nobody else is touched (D7)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.app.engines import Engines
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.manifest import OrderLine, Placement, PlaceOrder
from tradewind.contracts.inventory import InventoryPeer, InventoryReleased, OutOfStock, ReservedLine
from tradewind.contracts.messages import Event
from tradewind.kernel.ids import new_id

STAFF = a_call("admin")
RESERVED = "SELECT sum(reserved)::int FROM inventory.inventory_stock"
CANCELED = "SELECT count(*) FROM runtime.outbox WHERE key = $1 AND type = 'ecommerce.order.order.canceled.v1'"
ASLEEP = "UPDATE runtime.saga SET due_at = now() + interval '1 hour', lease_until = now() WHERE id = ANY($1::uuid[])"
DUE = "SELECT due_at <= now() OR phase <> 'STARTED' FROM runtime.saga WHERE id = $1"


async def waiting(shop: Shop, sku: str = "LOST") -> UUID:
    """An order that waits for its buyer to say how it is paid."""
    wish = PlaceOrder(items=(OrderLine(sku=sku, qty=2),), shipping_address={"country": "DE"})
    order_id: UUID = (await shop.dispatch(wish, STAFF)).id
    return order_id


async def tell(shop: Shop, *events: Event) -> None:
    async with shop.db.transaction(a_call("system")) as tx:
        for event in events:
            tx.tell(event)


async def status(shop: Shop, order_id: UUID) -> str:
    found: str = (await shop.dispatch(GetOrder(order_id=order_id), STAFF)).status
    return found


async def comes_to(shop: Shop, order_id: UUID, wanted: str) -> None:
    async def there() -> bool:
        return await status(shop, order_id) == wanted

    await until(shop, there)


def released(order_id: UUID, *, nothing_left: bool = True) -> InventoryReleased:
    items: Sequence[ReservedLine] = (ReservedLine("LOST", 1),)
    return InventoryReleased(order_id=order_id, reason="a test", items=tuple(items), nothing_left=nothing_left)


async def test_an_order_whose_goods_somebody_gave_back_is_called_off_once(working_shop: Shop) -> None:
    await a_product(working_shop, "LOST")
    order_id, other = await waiting(working_shop), await waiting(working_shop)
    async with working_shop.db.transaction(STAFF) as tx:
        await tx.peer(InventoryPeer).release(tx, [order_id], "canceled")
    await comes_to(working_shop, order_id, "CANCELED")
    await tell(working_shop, released(order_id), released(order_id), released(new_id()))
    marker = await waiting(working_shop)
    await tell(working_shop, released(marker))
    await comes_to(working_shop, marker, "CANCELED")
    pool = working_shop.db.pool
    assert await pool.fetchval(CANCELED, str(order_id)) == 1
    assert await status(working_shop, other) == "PENDING_PAYMENT", "nobody spoke of it"
    assert await pool.fetchval(RESERVED) == 2, "what was held for the two that are off is free, once"


async def test_an_order_that_has_others_left_or_is_past_its_pivot_goes_on(working_shop: Shop) -> None:
    await a_product(working_shop, "LOST")
    edited, paid = await waiting(working_shop), await an_ended_order(working_shop, "LOST")
    wish = PlaceOrder(
        items=(OrderLine(sku="LOST", qty=1),), payment_method="simulated:approve", capture_by_hand=True,
        shipping_address={"country": "DE"},
    )  # fmt: skip
    certain: UUID = (await working_shop.dispatch(wish, STAFF)).id
    await comes_to(working_shop, certain, "CONFIRMED")
    await tell(working_shop, released(edited, nothing_left=False), released(paid), released(certain))
    marker = await waiting(working_shop)
    await tell(working_shop, released(marker))
    await comes_to(working_shop, marker, "CANCELED")
    found = [await status(working_shop, one) for one in (edited, paid, certain)]
    assert found == ["PENDING_PAYMENT", "PAID", "CONFIRMED"]


async def test_who_has_yet_to_hold_what_is_sold_out_asks_at_once_and_nobody_else(
    shop: Shop, other_engines: Engines
) -> None:
    placed_only: dict[type, object] = {Placement: Placement(in_place=False)}
    async with open_shop(shop.settings, other_engines, connections=8, instead=placed_only) as slow:
        await a_product(slow, "LOST", stock=0)
        await a_product(slow, "OTHER", stock=0)
        order_id, other = await waiting(slow), await waiting(slow, "OTHER")
        await slow.db.pool.execute(ASLEEP, [order_id, other])
        async with working(slow):
            await until(slow, lambda: _listed(slow, 2))
            await tell(slow, OutOfStock(product_id=new_id(), sku="LOST"))
            await comes_to(slow, order_id, "CANCELED")
            assert await status(slow, other) == "PENDING_RESERVATION"
            assert not await slow.db.pool.fetchval(DUE, other), "it sleeps on"


async def _listed(shop: Shop, orders: int) -> Any:
    return await shop.db.pool.fetchval("SELECT count(*) = $1 FROM orders.orders_by_customer", orders)
