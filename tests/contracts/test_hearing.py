"""Who hears whom: each context hears what the documents say, does it, and leaves alone what the saga has done (D7)."""

import re
from collections.abc import Mapping

import pytest

from tests.house.tree import REPOSITORY, Tree
from tests.shops import a_call, until
from tradewind.app.wiring import Shop, manifests
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory.manifest import AdjustStock
from tradewind.contracts.catalog import ProductCreated
from tradewind.contracts.inventory import InventoryPeer, InventoryReservationExpired, InventoryReserved, Wanted
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import OrderCancelled
from tradewind.contracts.payments import PaymentAuthorized, PaymentCaptured, PaymentFailed
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.contracts.shipping import ShipmentCreated, ShipmentDelivered, ShippingPeer
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

HEARS: Mapping[str, tuple[type[Event], ...]] = {
    "catalog": (ProductPriceChanged,),
    "inventory": (ProductCreated, OrderCancelled),
    "orders": (
        InventoryReserved, InventoryReservationExpired,
        PaymentAuthorized, PaymentCaptured, PaymentFailed,
        ShipmentCreated, ShipmentDelivered,
    ),
    "shipping": (PaymentCaptured,),
}  # fmt: skip


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
