"""Orders that are to be picked, packed and sent, and how far they are."""

from typing import Any, Final
from uuid import UUID

from tests.builders import a_product
from tests.shops import Shop, a_call, until
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder

SHIPMENTS: Final = "SELECT id, part, status, lines::text FROM shipping.shipments WHERE order_id = $1 ORDER BY part"
TASKS: Final = """
    SELECT t.state, t.claimed_by
    FROM shipping.fulfillment_task AS t JOIN shipping.shipments AS s ON s.id = t.shipment_id
    WHERE t.order_id = $1 ORDER BY s.part
"""
STATUS: Final = "SELECT status FROM orders.orders WHERE id = $1"
ADDRESS: Final = {
    "name": "Łucja Ünal", "line1": "Prinzenstraße 7", "city": "Berlin", "postalCode": "10969", "country": "DE",
}  # fmt: skip


async def paid(shop: Shop, **address: str) -> tuple[UUID, UUID]:
    """(order, shipment) of three lamps and a rope that may leave the house."""
    if not await shop.db.pool.fetchval("SELECT EXISTS (SELECT FROM catalog.products WHERE sku = 'LAMP')"):
        for sku in ("LAMP", "ROPE"):
            await a_product(shop, sku)
    items = (OrderLine(sku="LAMP", qty=3), OrderLine(sku="ROPE", qty=1))
    wish = PlaceOrder(items=items, payment_method="simulated:approve", shipping_address=ADDRESS | address)
    order_id: UUID = (await shop.dispatch(wish, a_call())).id
    await comes_to(shop, order_id, "PAID")
    return order_id, (await shop.db.pool.fetch(SHIPMENTS, order_id))[0]["id"]


async def comes_to(shop: Shop, order_id: UUID, status: str) -> None:
    """Wait until the order has this status."""

    async def look() -> bool:
        return bool(await shop.db.pool.fetchval(STATUS, order_id) == status)

    await until(shop, look)


async def standing(shop: Shop, order_id: UUID) -> tuple[Any, ...]:
    """Everything that picking could have written: shipments, tasks, how many parcels."""
    pool = shop.db.pool
    shipments = [tuple(row)[1:] for row in await pool.fetch(SHIPMENTS, order_id)]
    tasks = [tuple(row) for row in await pool.fetch(TASKS, order_id)]
    return shipments, tasks, await pool.fetchval("SELECT count(*) FROM shipping.parcel")
