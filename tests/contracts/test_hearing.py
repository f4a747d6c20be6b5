"""Who hears whom: each context hears what the documents say, does it, and leaves alone what the saga has done (D7)."""

import asyncio
import re
from collections.abc import Mapping
from uuid import UUID

import pytest

from tests.builders import a_product, an_ended_order
from tests.house.tree import REPOSITORY, Tree
from tests.shops import a_call, until
from tradewind.app.wiring import Shop, manifests
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory.manifest import AdjustStock
from tradewind.contracts.catalog import ProductCreated
from tradewind.contracts.inventory import (
    InventoryPeer,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    OutOfStock,
    Wanted,
)
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import OrderCancelled, OrderConfirmed, OrderLine, OrderPlaced, PlaceOrder
from tradewind.contracts.payments import PaymentAuthorized, PaymentCaptured, PaymentFailed
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.contracts.shipping import ShipmentCreated, ShipmentDelivered, ShipmentDispatched, ShippingPeer
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

HEARS: Mapping[str, tuple[type[Event], ...]] = {
    "catalog": (ProductPriceChanged,),
    "inventory": (ProductCreated, OrderPlaced, OrderCancelled, PaymentFailed),
    "orders": (
        InventoryReserved, InventoryReleased, InventoryReservationExpired, OutOfStock,
        PaymentAuthorized, PaymentCaptured, PaymentFailed,
        ShipmentCreated, ShipmentDelivered,
    ),
    "payments": (OrderCancelled,),
    "shipping": (OrderPlaced, OrderConfirmed, PaymentCaptured),
    "notifications": (ShipmentDispatched, ShipmentDelivered),
    "analytics": (ShipmentDelivered,),
}  # fmt: skip

KEEPS: Mapping[str, tuple[type[Event], ...]] = {
    "catalog": (OutOfStock,),
    "orders": (ProductPriceChanged,),
    "payments": (OrderPlaced,),
}
"""What a context hears in order to show it, or to know it when it is asked."""


@pytest.mark.parametrize(
    ("context", "event"),
    [(context, event) for context, events in HEARS.items() for event in events],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_context_subscribes_to_what_the_documents_say(context: str, event: type[Event]) -> None:
    own = next(one for one in manifests() if one.name == context)
    hearing = [one for one in own.subscribers if event in one.events and one.table is None]
    assert len(hearing) == 1
    assert hearing[0].name.startswith(f"{context}.")


@pytest.mark.parametrize(
    ("context", "event"), [(context, event) for context, events in KEEPS.items() for event in events]
)
def test_a_context_keeps_what_the_documents_say_that_it_hears(context: str, event: type[Event]) -> None:
    own = next(one for one in manifests() if one.name == context)
    assert [one.name for one in own.subscribers if event in one.events and one.table is not None]


def test_only_its_projection_writes_a_table_for_reading() -> None:
    tables = {one.table: one.react.__module__ for context in manifests() for one in context.subscribers if one.table}
    assert {"orders.orders_by_customer", "catalog.listing"} <= set(tables)
    for table, module in tables.items():
        writes = re.compile(rf"(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+{re.escape(table)}\b", re.IGNORECASE)
        writers = {
            str(source.path) for source in Tree(REPOSITORY).sources if not source.is_test and writes.search(source.text)
        }
        assert writers == {f"src/{module.replace('.', '/')}.py"}


async def test_goods_of_an_order_that_is_off_come_back_even_if_nobody_released_them(working_shop: Shop) -> None:
    staff, order_id = a_call("admin"), new_id()
    await working_shop.dispatch(
        CreateProduct(sku="HEARD-1", name="Bell", category="brass", amount=Money(995, "EUR").amount, currency="EUR"),
        staff,
    )
    await working_shop.dispatch(AdjustStock(sku="HEARD-1", delta=3, reason="delivery"), staff)
    async with working_shop.db.transaction(staff) as tx:
        held = await tx.peer(InventoryPeer).reserve(tx, [Wanted(order_id, {"HEARD-1": 2})])
        assert isinstance(held[0], InventoryReserved)
    assert await reserved(working_shop) == 2
    async with working_shop.db.transaction(staff) as tx:
        tx.tell(OrderCancelled(order_id=order_id, reason="off", total_amount=Money(1990, "EUR").amount, currency="EUR"))

    async def back() -> bool:
        return await reserved(working_shop) == 0

    assert await until(working_shop, back)


async def reserved(shop: Shop) -> int:
    """Pieces that are promised."""
    found: int = await shop.db.pool.fetchval("SELECT reserved FROM inventory.inventory_stock WHERE sku = 'HEARD-1'")
    return found


async def test_goods_that_are_paid_may_leave_the_house_even_if_nobody_said_so(working_shop: Shop) -> None:
    order_id, staff = new_id(), a_call("admin")
    paid = PaymentCaptured(order_id=order_id, payment_id=new_id(), amount=Money(995, "EUR").amount, currency="EUR")
    async with working_shop.db.transaction(staff) as tx:
        assert await tx.peer(ShippingPeer).create(tx, {order_id: {"country": "DE"}}) == {order_id: None}
        tx.tell(paid)

    async def ready() -> bool:
        status = "SELECT status FROM shipping.shipments WHERE order_id = $1"
        return bool(await working_shop.db.pool.fetchval(status, order_id) == "READY")

    assert await until(working_shop, ready)


async def test_a_payment_that_is_heard_of_late_does_not_release_what_is_held_back_again(working_shop: Shop) -> None:
    held, other, staff = new_id(), new_id(), a_call("admin")
    amount = Money(995, "EUR").amount
    async with working_shop.db.transaction(staff) as tx:
        await tx.peer(ShippingPeer).create(tx, {held: {"country": "DE"}, other: {"country": "DE"}})
    async with working_shop.db.transaction(staff) as tx:
        await tx.peer(ShippingPeer).release(tx, [held])
    async with working_shop.db.transaction(staff) as tx:
        assert await tx.peer(ShippingPeer).hold(tx, held) is None
        for order_id in (held, other):
            tx.tell(PaymentCaptured(order_id=order_id, payment_id=new_id(), amount=amount, currency="EUR"))
    status = "SELECT status FROM shipping.shipments WHERE order_id = $1"

    async def heard() -> bool:
        return bool(await working_shop.db.pool.fetchval(status, other) == "READY")

    assert await until(working_shop, heard)
    assert await working_shop.db.pool.fetchval(status, held) == "PLANNED"


STATUSES = "SELECT array_agg(status ORDER BY part) FROM shipping.shipments WHERE order_id = $1"
UNPLAN = (
    "DELETE FROM shipping.fulfillment_task WHERE order_id = $1",
    "DELETE FROM shipping.shipments WHERE order_id = $1",
)


async def confirmed_again(shop: Shop, *order_ids: UUID) -> None:
    """The log tells once more, late, that these orders are certain."""
    async with shop.db.transaction(a_call("system")) as tx:
        for order_id in order_ids:
            amount = Money(995, "EUR").amount
            tx.tell(OrderConfirmed(order_id=order_id, user_id="somebody", total_amount=amount, currency="EUR"))


async def planned(shop: Shop, order_id: UUID) -> None:
    """Wait until there is a shipment of the order."""

    async def there() -> bool:
        return await shop.db.pool.fetchval(STATUSES, order_id) is not None

    assert await until(shop, there)


async def unplanned(shop: Shop) -> UUID:
    """An order that was carried out, of which somebody forgot the shipment."""
    order_id = await an_ended_order(shop, "HEARD-2", qty=1)
    for statement in UNPLAN:
        await shop.db.pool.execute(statement, order_id)
    return order_id


async def test_what_a_certain_order_needs_sent_is_planned_even_if_nobody_asked_for_it(working_shop: Shop) -> None:
    await a_product(working_shop, "HEARD-2", stock=9)
    order_id = await unplanned(working_shop)
    await confirmed_again(working_shop, order_id)
    await planned(working_shop, order_id)
    assert await working_shop.db.pool.fetchval(STATUSES, order_id) == ["READY"], "it is paid"


async def test_an_order_that_is_heard_of_late_is_planned_once_and_never_when_it_is_off(working_shop: Shop) -> None:
    await a_product(working_shop, "HEARD-2", stock=9)
    marker = await unplanned(working_shop)
    sent, canceled = [await an_ended_order(working_shop, "HEARD-2", qty=1) for _ in range(2)]
    off = await an_ended_order(working_shop, "HEARD-2", qty=1, method="simulated:decline")
    staff, pool = a_call("admin"), working_shop.db.pool
    async with working_shop.db.transaction(staff) as tx:
        assert await tx.peer(ShippingPeer).hold(tx, sent) is None
        assert await tx.peer(ShippingPeer).cancel(tx, [canceled]) == {canceled: None}
    await confirmed_again(working_shop, sent, canceled, off, new_id(), marker)
    await planned(working_shop, marker)
    found = [await pool.fetchval(STATUSES, order_id) for order_id in (sent, canceled, off)]
    assert found == [["PLANNED"], ["CANCELED"], None], "held back, off, and never planned"


async def test_what_the_saga_and_who_hears_plan_at_once_is_one_shipment(working_shop: Shop) -> None:
    await a_product(working_shop, "HEARD-2", stock=9)
    order_id, staff = await unplanned(working_shop), a_call("admin")

    async def create() -> None:
        async with working_shop.db.transaction(staff) as tx:
            await tx.peer(ShippingPeer).create(tx, {order_id: {"country": "DE"}})

    await asyncio.gather(confirmed_again(working_shop, order_id), *(create() for _ in range(3)))
    marker = await unplanned(working_shop)
    await confirmed_again(working_shop, order_id, marker)
    await planned(working_shop, marker)
    assert len(await working_shop.db.pool.fetchval(STATUSES, order_id)) == 1


PAYMENT = "SELECT status FROM payments.payments WHERE order_id = $1"
VOIDED = "SELECT count(*) FROM runtime.outbox WHERE key = $1 AND type = 'ecommerce.payment.payment.voided.v1'"
LETTING_GO = "SELECT count(*) FROM runtime.saga WHERE name = 'let_go'"


async def told_off(shop: Shop, *order_ids: UUID) -> None:
    """The log tells that these orders are off."""
    async with shop.db.transaction(a_call("system")) as tx:
        for order_id in order_ids:
            amount = Money(1250, "EUR").amount
            tx.tell(OrderCancelled(order_id=order_id, reason="off", total_amount=amount, currency="EUR"))


async def comes_to(shop: Shop, order_id: UUID, status: str) -> None:
    """Wait until the order's payment has this status."""

    async def look() -> bool:
        return bool(await shop.db.pool.fetchval(PAYMENT, order_id) == status)

    assert await until(shop, look)


async def held_by_hand(shop: Shop) -> UUID:
    """An order whose money is held until somebody says how much is to be captured."""
    wish = PlaceOrder(
        items=(OrderLine(sku="HEARD-3", qty=1),), payment_method="simulated:approve", capture_by_hand=True,
        shipping_address={"country": "DE"},
    )  # fmt: skip
    order_id: UUID = (await shop.dispatch(wish, a_call("admin"))).id
    await comes_to(shop, order_id, "AUTHORIZED")
    return order_id


async def test_money_that_is_held_for_an_order_that_is_off_is_let_go_once(working_shop: Shop) -> None:
    await a_product(working_shop, "HEARD-3", stock=9)
    order_id = await held_by_hand(working_shop)
    await told_off(working_shop, order_id, order_id)
    await comes_to(working_shop, order_id, "VOIDED")
    marker = await held_by_hand(working_shop)
    await told_off(working_shop, order_id, marker)
    await comes_to(working_shop, marker, "VOIDED")
    pool = working_shop.db.pool
    assert (await pool.fetchval(VOIDED, str(order_id)), await pool.fetchval(LETTING_GO)) == (1, 2)


async def test_what_was_captured_or_refused_is_left_alone_when_an_order_is_off(working_shop: Shop) -> None:
    await a_product(working_shop, "HEARD-3", stock=9)
    paid = await an_ended_order(working_shop, "HEARD-3", qty=1)
    refused = await an_ended_order(working_shop, "HEARD-3", qty=1, method="simulated:decline")
    marker = await held_by_hand(working_shop)
    await told_off(working_shop, paid, refused, new_id(), marker)
    await comes_to(working_shop, marker, "VOIDED")
    pool = working_shop.db.pool
    assert [await pool.fetchval(PAYMENT, one) for one in (paid, refused)] == ["CAPTURED", "FAILED"]
    assert await pool.fetchval(LETTING_GO) == 1, "the order's own saga had seen to the others"
