"""A shop that has seen all that an order can come to, at rest; each test gets a copy of its database and provider."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.audit.shopping import go_shopping
from tests.comebacks import comes_to, inspected, received
from tests.partners import Partners, partners
from tests.shops import _database, a_call, until, working
from tradewind.app.audit import Report, audit
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, open_shop
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.edit_order.command import EditOrder, Quantity
from tradewind.contexts.orders.place_order.command import OrderLine, PlaceOrder
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.payments.refund_payment.command import RefundPayment
from tradewind.contexts.shipping.deliver_shipment.command import DeliverShipment
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment
from tradewind.contexts.shipping.manifest import SplitShipment
from tradewind.contexts.webhooks.manifest import Subscribe
from tradewind.contracts.orders import OrderCancelled, OrderConfirmed, OrderPaid, OrderPlaced
from tradewind.runtime.call import internal_call
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Compensate

SKUS = ("LAMP", "ROPE", "TENT")
AT_REST = """
    SELECT (SELECT count(*) FROM runtime.saga
            WHERE phase IN ('STARTED', 'COMPENSATING') AND due_at < now() + interval '1 min') = 0
       AND (SELECT count(*) FROM runtime.saga WHERE phase = 'NEEDS_ATTENTION') = $1
"""
HEARD = """
    SELECT count(*) FILTER (WHERE s.status = 'ACTIVE' AND d.status = 'DELIVERED') > 0
       AND count(*) FILTER (WHERE s.status = 'ACTIVE' AND d.status <> 'DELIVERED') = 0
       AND count(*) FILTER (WHERE d.status = 'DEAD') > 0
    FROM webhooks.delivery AS d JOIN webhooks.webhook_subscriptions AS s ON s.id = d.subscription_id
"""
SHIPMENT = "SELECT id FROM shipping.shipments WHERE order_id = $1"
STATUS = "SELECT status FROM orders.orders WHERE id = $1"


@dataclass(frozen=True)
class Place:
    """A database and a provider that only one test uses, and the orders in it by what became of them."""

    found: Engines
    orders: dict[str, UUID]
    provider: ProviderProcess
    things: dict[str, UUID]
    """Carts, reviews and what else tests call by a name."""

    def named(self, sql: str) -> str:
        """The statement with the ids of what it names."""
        return sql.format(**{name: str(found) for name, found in {**self.orders, **self.things}.items()})

    async def audit(self, **options: Any) -> Report:
        """Audit it."""
        return await audit(self.found.database_url, self.found.provider_url, **options)

    async def run(self, sql: str, *arguments: Any) -> None:
        """Do something to the database that the shop would never do."""
        connection = await asyncpg.connect(self.found.database_url)
        try:
            await (connection.execute(sql, *arguments) if arguments else connection.execute(sql))
        finally:
            await connection.close()


def red(report: Report) -> list[str]:
    """The names of the checks that do not hold."""
    return [check.name for check in report.checks if not check.ok]


async def stock_up(shop: Shop) -> None:
    """Put goods on the shelf."""
    for sku in SKUS:
        created = CreateProduct(sku=sku, name=sku, category="things", amount=Decimal("12.50"), currency="EUR")
        await shop.dispatch(created, internal_call("test"))
        await shop.dispatch(AdjustStock(sku=sku, delta=5_000, reason="delivery"), internal_call("test"))


async def place(shop: Shop, method: str | None = "approve", country: str = "GB", qty: int = 2) -> UUID:
    """Order some of two things; the order's id."""
    command = PlaceOrder(
        items=(OrderLine(sku="LAMP", qty=qty), OrderLine(sku="ROPE", qty=1), OrderLine(sku="LAMP", qty=1)),
        payment_method=method and f"simulated:{method}",
        shipping_address={"country": country},
    )
    placed: UUID = (await shop.dispatch(command, a_call(key=f"key-{method}-{country}-{qty}", subject="buyer"))).id
    return placed


async def rest(shop: Shop, parked: int = 0) -> None:
    """Wait until nothing moves."""
    await until(shop, lambda: shop.db.pool.fetchval(AT_REST, parked), within_s=60)


async def live(shop: Shop) -> dict[str, UUID]:
    """Let orders come to every end there is."""
    await stock_up(shop)
    methods = ("approve", "decline", "timeout", "lost-answer", "lost-capture", "decline-capture")
    orders = dict(zip(methods, await asyncio.gather(*(place(shop, method) for method in methods)), strict=True))
    orders |= {"waiting": await place(shop, None), "canceled": await place(shop, None, qty=7)}
    orders |= {"nowhere": await place(shop, country="AQ"), "returned": await place(shop, qty=3)}
    orders |= {"delivered": await place(shop, qty=4), "part": await place(shop, qty=5)}
    orders |= {"exchanged": await place(shop, qty=6)}
    orders |= {"dearer": await place(shop, qty=8), "cheaper": await place(shop, qty=9)}
    await shop.dispatch(CancelOrder(order_id=orders["canceled"], reason="changed my mind"), a_call(subject="buyer"))
    await rest(shop, parked=1)
    async with shop.db.transaction(internal_call("test")) as tx:
        await signals.mend(tx, PLACE_ORDER, orders["decline-capture"], Compensate("the bank will not pay"))
    for order, pieces in (("dearer", 3), ("cheaper", 0)):
        change = EditOrder(order_id=orders[order], expected=None, items=(Quantity("ROPE", pieces),))
        await shop.dispatch(change, internal_call("test"))
    for order, minor in (("returned", 6250), ("part", 100)):
        refund = RefundPayment(order_id=orders[order], amount=Decimal(minor) / 100, reason="came back")
        await shop.dispatch(refund, internal_call("test"))
    for order in ("delivered", "exchanged"):
        shipment = await shop.db.pool.fetchval(SHIPMENT, orders[order])
        await shop.dispatch(DispatchShipment(shipment_id=shipment), internal_call("test"))
        await shop.dispatch(DeliverShipment(shipment_id=shipment), internal_call("test"))
    apart = await shop.db.pool.fetchval(SHIPMENT, orders["part"])
    await shop.dispatch(SplitShipment(shipment_id=apart, lines=(("ROPE", 1),)), internal_call("test"))

    async def fulfilled() -> bool:
        there = [await shop.db.pool.fetchval(STATUS, orders[order]) for order in ("delivered", "exchanged")]
        return there == ["FULFILLED", "FULFILLED"]

    await until(shop, fulfilled)
    back = await received(shop, orders["delivered"], "LAMP", 2)
    await inspected(shop, back, restocked=1, written_off=1)
    await comes_to(shop, back.id, "REFUNDED")
    worn = await received(shop, orders["exchanged"], "LAMP", 2, LAMP=1)
    orders["instead"] = (await inspected(shop, worn, written_off=2)).replacement_order_id
    await comes_to(shop, worn.id, "REFUNDED")
    await rest(shop)
    return orders


async def listening(shop: Shop, server: Partners) -> UUID:
    """One partner who takes everything it is told of orders in euros, another who is gone at the first word."""
    types = [event.TYPE for event in (OrderPlaced, OrderConfirmed, OrderPaid, OrderCancelled)]
    server.down["gone"] = 410
    wish = Subscribe(url=f"{server.url}/well", event_types=types, filter={"currency": ["EUR"]})
    partner: UUID = (await shop.dispatch(wish, internal_call("test"))).id
    await shop.dispatch(Subscribe(url=f"{server.url}/gone", event_types=types, filter={}), internal_call("test"))
    return partner


@dataclass(frozen=True)
class Original:
    """What is copied: the name of a database without connections, and the folder of a provider that has stopped."""

    database: str
    folder: Path
    orders: dict[str, UUID]
    things: dict[str, UUID]


@pytest_asyncio.fixture(scope="session")
async def original(
    settings: Settings, shared_engines: Engines, template: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Original]:
    """A shop at rest after a full day."""
    folder = tmp_path_factory.mktemp("original-provider")
    provider = await ProviderProcess(folder).start()
    async with _database(shared_engines, urlsplit(template.database_url).path[1:]) as made:
        found = replace(made, provider_url=provider.url)
        there = replace(settings, provider_timeout_s=0.3, webhook_allow=("127.0.0.0/8",))
        async with partners() as server, open_shop(there, found, connections=6) as shop, working(shop):
            partner = await listening(shop, server)
            orders = await live(shop)
            bought, things = await go_shopping(shop)
            await rest(shop)
            await until(shop, lambda: shop.db.pool.fetchval(HEARD))
            report = await audit(found.database_url, found.provider_url, settle_s=20)
        assert report.ok, report.lines()
        await provider.stop()
        yield Original(
            urlsplit(found.database_url).path[1:], folder, {**orders, **bought}, {**things, "partner": partner}
        )


@asynccontextmanager
async def a_provider(original: Original, folder: Path) -> AsyncIterator[ProviderProcess]:
    """A provider that goes on with a copy of the original's books."""
    shutil.copytree(original.folder, folder)
    provider = await ProviderProcess(folder).start()
    try:
        yield provider
    finally:
        await provider.stop()


@pytest_asyncio.fixture(scope="session")
async def provider_to_read(
    original: Original, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ProviderProcess]:
    """A provider that nobody asks for anything but its ledger."""
    async with a_provider(original, tmp_path_factory.mktemp("provider-to-read") / "copy") as provider:
        yield provider


@pytest_asyncio.fixture
async def copy(shared_engines: Engines, original: Original, provider_to_read: ProviderProcess) -> AsyncIterator[Place]:
    """A database that this test may spoil, and a provider that it may only read."""
    async with _database(shared_engines, original.database) as made:
        yield Place(
            replace(made, provider_url=provider_to_read.url), original.orders, provider_to_read, original.things
        )


@pytest_asyncio.fixture
async def own_copy(shared_engines: Engines, original: Original, tmp_path: Path) -> AsyncIterator[Place]:
    """A database and a provider that this test may spoil."""
    async with (
        a_provider(original, tmp_path / "provider") as provider,
        _database(shared_engines, original.database) as made,
    ):
        yield Place(replace(made, provider_url=provider.url), original.orders, provider, original.things)
