"""What one database tells, heard in another: late, twice and out of order it does what it does once (S3-28, 29, 31)."""

import asyncio
from uuid import UUID

import pytest

from tests.builders import a_delivery
from tests.remote.test_orders_apart import STAFF, Apart, apart
from tests.shops import Shop, a_call, until, working
from tradewind.adapters.log.kafka.places import KafkaPlaces
from tradewind.adapters.log.kafka.received import ELSEWHERE, Received
from tradewind.app.wiring import manifests
from tradewind.contexts.catalog.list_sold_out.query import ListSoldOut
from tradewind.contexts.inventory._subscribers.on_payment_failed import GRACE_S
from tradewind.contexts.inventory.claim_stock.command import CancelReservation
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contracts.inventory import InventoryReleased, InventoryReserved, OutOfStock
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import OrderPlaced
from tradewind.contracts.payments import PaymentFailed
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.feeds import Feed

__all__ = ["apart"]
pytestmark = pytest.mark.adapter("grpc")

WAREHOUSE = a_call("warehouse")
OF_TYPE = """
    SELECT event_id, type, key, occurred_at, trace_id, correlation_id, payload::text AS payload, 0.0::float8 AS age_ms
    FROM runtime.outbox WHERE type = $1 ORDER BY stamp, position
"""
REGISTER = "INSERT INTO runtime.position (subscriber) VALUES ($1) ON CONFLICT DO NOTHING"
DEMAND = "SELECT sku, pieces FROM inventory.demand"
LEFT_S = "SELECT extract(epoch FROM expires_at - now())::float8 FROM inventory.reservation WHERE order_id = $1"


async def told(shop: Shop, event: type[Event]) -> list[Received]:
    """What this database tells of a type, as another has it by Kafka: one topic, one partition."""
    rows = await shop.db.pool.fetch(OF_TYPE, event.TYPE)
    where = {"topic": event.TYPE, "partition": 0}
    return [Received(at=ELSEWHERE, type=row["type"], row=row, place=n, **where) for n, row in enumerate(rows)]  # type: ignore[arg-type]


async def hear(shop: Shop, name: str, *batches: list[Received]) -> None:
    """Have a subscriber of this database hear these, and whoever carries it next hear the same once more."""
    one = next(one for context in manifests() for one in context.subscribers if one.name == name)
    await shop.db.pool.execute(REGISTER, name)
    for _ in range(2):
        feed = Feed([one], shop.db, KafkaPlaces({batch[0].topic: [name] for batch in batches}))
        for batch in batches:
            await feed.put(batch)
        task = asyncio.create_task(feed.run())
        await feed.settled()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await shop.db.pool.fetchval("SELECT count(*) FROM runtime.dead_letter") == 0


async def unpaid(apart: Apart) -> UUID:
    """An order that waits for its buyer, its goods held there."""
    wish = PlaceOrder(items=(OrderLine(sku="BOOK", qty=2),), shipping_address={"country": "DE"})
    order_id: UUID = (await apart.orders.dispatch(wish, STAFF)).id
    await comes_to(apart, order_id, "PENDING_PAYMENT")
    return order_id


async def comes_to(apart: Apart, order_id: UUID, status: str) -> None:
    async def there() -> bool:
        return bool((await apart.orders.dispatch(GetOrder(order_id=order_id), STAFF)).status == status)

    await until(apart.orders, there)


async def test_what_orders_of_another_database_want_is_counted_once(apart: Apart) -> None:
    async with apart.answering():
        await apart.ended(qty=3)
        await apart.ended("decline", qty=4)
    placed = await told(apart.orders, OrderPlaced)
    await hear(apart.inventory, "inventory.on_order_placed", placed[:1], placed[1:])
    assert [tuple(row) for row in await apart.inventory.db.pool.fetch(DEMAND)] == [("BOOK", 7)]
    assert await apart.stock() == (7, 0), "no stock moved but what was sold"


async def test_a_payment_that_failed_in_another_database_hurries_what_is_held(apart: Apart) -> None:
    async with apart.answering():
        order_id = await unpaid(apart)
        amount = Money(2500, "EUR").amount
        async with apart.orders.db.transaction(a_call("system")) as tx:
            tx.tell(PaymentFailed(order_id=order_id, payment_id=new_id(), amount=amount, currency="EUR", reason="no"))
        pool = apart.inventory.db.pool
        assert await pool.fetchval(LEFT_S, order_id) > GRACE_S
        await hear(apart.inventory, "inventory.on_payment_failed", await told(apart.orders, PaymentFailed))
        assert 0 < await pool.fetchval(LEFT_S, order_id) <= GRACE_S


async def test_goods_that_the_warehouse_gave_back_call_their_order_off(apart: Apart) -> None:
    async with apart.answering():
        order_id, other = await unpaid(apart), await unpaid(apart)
        await apart.inventory.dispatch(CancelReservation(reservation_id=order_id), WAREHOUSE)
        await hear(apart.orders, "orders.on_reservation_released", await told(apart.inventory, InventoryReleased))
        await comes_to(apart, order_id, "CANCELED")
        await comes_to(apart, other, "PENDING_PAYMENT")
        assert await apart.stock() == (10, 2)
        await apart.orders.dispatch(CancelOrder(order_id=other, reason="changed my mind"), STAFF)
        await comes_to(apart, other, "CANCELED")
        await hear(apart.orders, "orders.on_reservation_released", await told(apart.inventory, InventoryReleased))
        assert await apart.stock() == (10, 0), "given back once"


async def test_what_is_sold_out_in_another_database_is_shown_until_it_is_back(apart: Apart) -> None:
    async with apart.answering(), working(apart.inventory):
        await apart.ended(qty=10)
        await a_delivery(apart.inventory, "BOOK", 1)
        await apart.ended(qty=1)
    gone = await told(apart.inventory, OutOfStock)
    assert len(gone) == 2
    await hear(apart.orders, "catalog.sold_out", gone)
    await hear(apart.orders, "catalog.availability", await told(apart.inventory, InventoryReserved))
    (one,) = (await apart.orders.dispatch(ListSoldOut(), STAFF)).items
    assert (one.sku, one.since) == ("BOOK", gone[-1].row["occurred_at"])
