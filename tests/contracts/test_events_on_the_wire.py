"""Every event that a working shop tells, through all endings of an order, is what its published schema says."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest_asyncio

from tests.comebacks import asked, inspected, received
from tests.contracts import happenings
from tests.shoppers import Shopper
from tests.shops import a_call, until, working
from tools.schemas import committed
from tradewind.adapters.inventory.apart import AwayInventory
from tradewind.adapters.payments.payers import PayersByEvents
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, open_shop
from tradewind.contexts.carts.manifest import MANIFEST as CARTS
from tradewind.contexts.catalog.manifest import (
    ArchiveProduct,
    CreateCategory,
    CreateProduct,
    UpdateCategory,
    UpdateProduct,
)
from tradewind.contexts.customers._domain.contacts import Contact, Kind
from tradewind.contexts.customers._domain.profile import Changes
from tradewind.contexts.customers.change_profile.command import ChangeProfile
from tradewind.contexts.customers.manifest import ErasePerson
from tradewind.contexts.inventory._domain.settings import RESERVATION_TTL_S
from tradewind.contexts.inventory.manifest import AdjustStock, SetBundle
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.edit_order.command import EditOrder, Quantity
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.pay_order.command import PayOrder
from tradewind.contexts.orders.place_order.command import OrderLine, PlaceOrder
from tradewind.contexts.payments.refund_payment.command import RefundPayment
from tradewind.contexts.pricing.manifest import SetPrice
from tradewind.contexts.returns.manifest import CancelReturn, RejectReturn
from tradewind.contexts.shipping.get_shipment.query import GetOrderShipment
from tradewind.contexts.shipping.manifest import (
    ClaimTask,
    DeliverShipment,
    DispatchShipment,
    PackTask,
    PickTask,
    ReplaceParcel,
    ReportLoss,
    ReportReturned,
    ReportTransit,
    Size,
    UnpackParcel,
)
from tradewind.contracts.envelope import EVENTS
from tradewind.contracts.inventory import Delivery
from tradewind.contracts.shipping import UnpackedItem
from tradewind.kernel.ids import new_id
from tradewind.runtime.reading import START, Logged, read

STAFF = a_call("admin", subject="staff")
SKU = "WIRE-1"
NOT_TOLD_YET = {"ecommerce.webhook.delivery.failed.v1"}
"""Types whose schema stands while nothing of the shop tells them yet; take out what a new use case tells."""
MANY = 1_000


@pytest_asyncio.fixture
async def hasty_shop(settings: Settings, own_engines: Engines) -> AsyncIterator[Shop]:
    """A working shop that gives a silent payment provider up soon."""
    async with open_shop(replace(settings, provider_timeout_s=0.5), own_engines, connections=8) as shop, working(shop):
        yield shop


async def order(shop: Shop, method: str | None, *, country: str = "DE", wants: str = "", qty: int = 1) -> UUID:
    """Place an order, for one piece or `qty`, paid by `method`, and wait until it is in the status that it `wants`."""
    command = PlaceOrder(
        items=(OrderLine(sku=SKU, qty=qty),), payment_method=method, shipping_address={"country": country}
    )
    placed = await shop.dispatch(command, a_call("customer"))
    await reaches(shop, placed.id, wants)
    return UUID(str(placed.id))


async def reaches(shop: Shop, order_id: UUID, status: str) -> None:
    """Wait until the order has this status."""

    async def look() -> bool:
        seen: bool = (await shop.dispatch(GetOrder(order_id=order_id), STAFF)).status == status
        return seen

    await until(shop, look)


async def goods(shop: Shop) -> None:
    """A product with a price that changed, and enough of it."""
    product = await shop.dispatch(
        CreateProduct(sku=SKU, name="Sextant", category="instruments", amount=Decimal("12.30"), currency="EUR"), STAFF
    )
    await shop.dispatch(AdjustStock(sku=SKU, delta=50, reason="delivery"), STAFF)
    instruments = await shop.dispatch(CreateCategory(name="Instruments"), STAFF)
    await shop.dispatch(UpdateCategory(category_id=instruments.id, name="Fine instruments"), STAFF)
    said = UpdateProduct(product_id=product.id, category="instruments", attributes={"brass": True, "weight": 1.5})
    await shop.dispatch(said, STAFF)
    spare = CreateProduct(sku="SPARE", name="Spare", category="parts", amount=Decimal("1.00"), currency="EUR")
    await shop.dispatch(ArchiveProduct(product_id=(await shop.dispatch(spare, STAFF)).id), STAFF)
    kit = CreateProduct(sku="KIT", name="Kit", category="parts", amount=Decimal("20.00"), currency="EUR")
    await shop.dispatch(kit, STAFF)
    await shop.dispatch(SetBundle(sku="KIT", parts={SKU: 2}), STAFF)
    raised = SetPrice(product_id=product.id, amount=Decimal("12.50"), currency="EUR", reason="dearer")
    await shop.dispatch(raised, STAFF)


async def delivered(shop: Shop) -> None:
    """An order that goes well to its end; some of the money goes back later."""
    bought = await order(shop, "simulated:approve", wants="PAID")
    more = EditOrder(order_id=bought, expected=None, items=(Quantity(SKU, 2),))
    await shop.dispatch(more, a_call("admin", subject="staff", wait_s=20))
    shipment = await shop.dispatch(GetOrderShipment(order_id=bought), STAFF)
    other = await picked_short(shop, shipment.id)
    await shop.dispatch(DispatchShipment(shipment_id=shipment.id), STAFF)
    await shop.dispatch(ReportLoss(shipment_id=shipment.id), STAFF)
    await shop.dispatch(ReplaceParcel(shipment_id=shipment.id), STAFF)
    await shop.dispatch(DispatchShipment(shipment_id=shipment.id), STAFF)
    await shop.dispatch(ReportTransit(shipment_id=shipment.id), STAFF)
    await shop.dispatch(DeliverShipment(shipment_id=shipment.id), STAFF)
    await shop.dispatch(DispatchShipment(shipment_id=other), STAFF)
    await shop.dispatch(ReportReturned(shipment_id=other), STAFF)
    await shop.dispatch(UnpackParcel(shipment_id=other, lines=(UnpackedItem(SKU, 1, 0),)), STAFF)
    await shop.dispatch(ReplaceParcel(shipment_id=other), STAFF)
    await shop.dispatch(DispatchShipment(shipment_id=other), STAFF)
    await shop.dispatch(DeliverShipment(shipment_id=other), STAFF)
    await reaches(shop, bought, "FULFILLED")
    refund = RefundPayment(order_id=bought, amount=Decimal("2.50"), reason="a scratch")
    await shop.dispatch(refund, STAFF)
    await given_back(shop, bought)


async def picked_short(shop: Shop, shipment_id: UUID) -> UUID:
    """One of two pieces is found and packed; the shipment of the other."""
    await shop.dispatch(ClaimTask(shipment_id=shipment_id), STAFF)
    found = await shop.dispatch(PickTask(shipment_id=shipment_id, lines=((SKU, 1),)), STAFF)
    box = Size(weight_g=500, length_mm=100, width_mm=100, height_mm=100)
    await shop.dispatch(PackTask(shipment_id=shipment_id, parcels=(box,)), STAFF)
    return UUID(str(found.short_shipment_id))


async def given_back(shop: Shop, order_id: UUID) -> None:
    """What was bought comes back: once not wanted, once called off, then for money."""
    await shop.dispatch(RejectReturn(return_id=(await asked(shop, order_id, SKU, 1)).id, why="worn"), STAFF)
    await shop.dispatch(CancelReturn(return_id=(await asked(shop, order_id, SKU, 1)).id), STAFF)
    await inspected(shop, await received(shop, order_id, SKU, 1), restocked=1)


async def expired(shop: Shop) -> None:
    """An order that nobody pays; the time for which its goods are held passes at once."""
    forgotten = await order(shop, None, wants="PENDING_PAYMENT")
    ago = f"{RESERVATION_TTL_S + 1} seconds"
    await shop.db.pool.execute(
        "UPDATE inventory.reservation SET expires_at = expires_at - $2::text::interval WHERE order_id = $1",
        forgotten, ago,
    )  # fmt: skip
    await reaches(shop, forgotten, "CANCELED")


async def carts(shop: Shop) -> None:
    """A cart that becomes an order, and one that is left alone until it is closed."""
    shopper = Shopper(shop, a_call("customer"))
    bought, left = await shopper.opens(**{SKU: 1}), await shopper.opens(**{SKU: 1})
    await shopper.checks_out(bought, (await shopper.quotes(bought)).token)
    await shop.db.pool.execute("UPDATE carts.carts SET touched_at = now() - interval '1 year' WHERE id = $1", left)
    for timer in CARTS.timers:
        async with shop.db.transaction(STAFF) as tx:
            await timer.run(tx)


async def hinted(shop: Shop) -> None:
    """Told only where payments has a database of its own, which the shop of this test has not."""
    async with shop.db.transaction(STAFF) as tx:
        await PayersByEvents().wake(tx, new_id())


async def announced(shop: Shop) -> None:
    """Goods that came back, as it is told where inventory has a database of its own."""
    product_id = await shop.db.pool.fetchval("SELECT id FROM catalog.products WHERE sku = $1", SKU)
    async with shop.db.transaction(STAFF) as tx:
        await AwayInventory().receive(tx, [Delivery(SKU, product_id, 1, "return:from-afar")], reason="returned")


async def customers(shop: Shop) -> None:
    """Somebody says how to reach them, and then wants to be forgotten."""
    ada = a_call("customer", subject="ada")
    changes = Changes(contacts=(Contact(kind=Kind.EMAIL, value="ada@example.org"),))
    await shop.dispatch(ChangeProfile(changes=changes), ada)
    await shop.dispatch(ErasePerson(confirm="ada"), ada)


async def every_ending(shop: Shop, mails: Path) -> None:
    """Take orders, and all else, through all endings that there are."""
    await happenings.flash_sale(shop)
    await happenings.review(shop)
    await happenings.account(shop, mails)
    await customers(shop)
    await goods(shop)
    await delivered(shop)
    await carts(shop)
    await announced(shop)
    await hinted(shop)
    await expired(shop)
    await order(shop, "simulated:decline", wants="CANCELED")
    await order(shop, "simulated:approve", country="AQ", wants="CANCELED")
    await order(shop, "simulated:timeout", wants="FAILED")
    later = await order(shop, None, wants="PENDING_PAYMENT")
    await shop.dispatch(PayOrder(order_id=later, payment_method="simulated:lost-answer"), a_call("admin"))
    await reaches(shop, later, "PAID")
    await happenings.settlement(shop)
    await happenings.failed_refund(shop, later)
    await happenings.failed_capture(shop, later)
    await happenings.backorder(shop)
    await order(shop, "simulated:challenge", wants="RESERVED")
    dropped = await order(shop, None, wants="PENDING_PAYMENT")
    await shop.dispatch(CancelOrder(order_id=dropped, reason="changed my mind"), a_call("support"))
    await reaches(shop, dropped, "CANCELED")
    left = await shop.db.pool.fetchval("SELECT on_hand - reserved FROM inventory.inventory_stock WHERE sku = $1", SKU)
    await shop.dispatch(AdjustStock(sku=SKU, delta=-left, reason="water damage"), STAFF)


async def told(shop: Shop) -> Sequence[Logged]:
    """Everything in the log, once every type that the shop can tell is there."""

    async def look() -> Sequence[Logged]:
        async with shop.db.pool.acquire() as connection:
            log = await read(connection, START, MANY)
        return log if {one.type for one in log} >= EVENTS.keys() - NOT_TOLD_YET else []

    found: Sequence[Logged] = await until(shop, look)
    return found


async def test_every_event_of_every_ending_is_what_its_schema_says(hasty_shop: Shop, tmp_path: Path) -> None:
    published = committed()
    says = {name: jsonschema_rs.validator_for(schema, validate_formats=True) for name, schema in published.items()}
    await every_ending(hasty_shop, tmp_path)
    log = await told(hasty_shop)
    assert {one.type for one in log} == EVENTS.keys() - NOT_TOLD_YET
    for one in log:
        envelope = msgspec.to_builtins(one.envelope)
        says["envelope.json"].validate(envelope)
        says[f"{one.type}.json"].validate(envelope["payload"])
        assert unknown(envelope["payload"], published[f"{one.type}.json"]) == set()
        assert (envelope["eventType"], envelope["schemaVersion"]) == (one.type, "1.0")
        assert envelope["partitionKey"] == str(getattr(one.event, one.event.KEY))
        assert envelope["producer"] == f"{one.type.split('.')[1]}-service"
        assert min(len(envelope["traceId"]), len(envelope["correlationId"])) > 0
    assert len({one.row["event_id"] for one in log}) == len(log)


def unknown(payload: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """Fields that the schema does not name."""
    return set(payload) - set(schema["properties"])


async def test_money_travels_as_exact_numbers(hasty_shop: Shop) -> None:
    await goods(hasty_shop)
    await order(hasty_shop, "simulated:approve", wants="PAID")
    created = await hasty_shop.db.pool.fetchval(
        "SELECT payload::text FROM runtime.outbox WHERE type = 'ecommerce.order.order.created.v1'"
    )
    assert '"totalAmount": 12.50' in created
    assert msgspec.json.decode(created)["items"][0]["qty"] == 1
