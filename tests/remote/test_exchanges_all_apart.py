"""Exchanges where inventory and payments have a process each: what goes out is held in one, and paid in the other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from tests.builders import a_product, seen
from tests.comebacks import comes_to, inspected
from tests.edits import comes_to as order_comes_to
from tests.remote.conftest import a_token
from tests.remote.test_edits_apart import HEARD
from tests.remote.test_exchanges_called_off_apart import heard_off, late
from tests.remote.test_exchanges_paid_apart import (
    CREDIT,
    TAKEN,
    comes_back,
    in_the_warehouse,
    moved,
    nobody_is_asked_here,
    things,
)
from tests.remote.test_payments_apart import Apart, apart
from tests.remote.test_refunds_apart import refunding
from tests.shops import Shop, open_shop, until
from tradewind.adapters.inventory.apart import AwayInventory
from tradewind.adapters.inventory.grpc import grpc_inventory
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.remote import answering_remotely
from tradewind.contexts.orders.manifest import Placement
from tradewind.contracts.inventory import InventoryPeer
from tradewind.contracts.payments import Instead
from tradewind.kernel.money import Money

__all__ = ["apart", "nobody_is_asked_here", "refunding", "things"]
pytestmark = pytest.mark.adapter("grpc")

STOCK = "SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = 'PEN'"
SETTLED = "SELECT status IN ('INSPECTED', 'REFUNDED') FROM returns.returns WHERE id = $1"
SOLD = "UPDATE inventory.inventory_stock SET on_hand = 0 WHERE sku = 'PEN'"


@dataclass
class Inventory:
    """The shop that has the stock."""

    shop: Shop
    port: int

    def answering(self) -> Any:
        """Its edge, for as long as it is open."""
        settings = replace(self.shop.settings, grpc_port=self.port)
        return answering_remotely(replace(self.shop, settings=settings))


@pytest_asyncio.fixture
async def inventory(
    refunding: Apart, things: None, other_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Inventory]:
    """Books and pens in another database, which the process of orders asks; the catalog has heard of them."""
    port = free_port("127.0.0.1")
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop(refunding.orders.settings, other_engines, connections=4))
        client = grpc_inventory(f"127.0.0.1:{port}", lambda: a_token(shop))
        placement = Placement(in_place=False, away=await stack.enter_async_context(client))
        monkeypatch.setitem(refunding.orders.db.peers, Placement, placement)
        monkeypatch.setitem(refunding.orders.db.peers, InventoryPeer, AwayInventory())
        for sku, price in (("BOOK", "12.50"), ("PEN", "3.00")):
            await a_product(shop, sku, amount=price)
            await refunding.orders.db.pool.execute(HEARD, sku, 10)
        yield Inventory(shop, port)


async def test_it_is_held_there_while_it_waits_and_nobody_is_asked_to_pay(
    refunding: Apart, inventory: Inventory
) -> None:
    async with refunding.answering(), inventory.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
        other = (await inspected(refunding.orders, one, written_off=1)).replacement_order_id
        await order_comes_to(refunding.orders, other, "PAID")
        await comes_to(refunding.orders, one.id, "REFUNDED")
    order = await seen(refunding.orders, other)
    assert [step.status for step in order.history or ()] == ["PENDING_RESERVATION", "RESERVED", "CONFIRMED", "PAID"]
    assert await moved(refunding, order_id) == [*TAKEN, ("refund", 950)]
    assert tuple(await inventory.shop.db.pool.fetchrow(STOCK)) == (9, 0)


@pytest.mark.parametrize(("first", "back"), [("goods", [1250]), ("money", [950, 300])])
async def test_where_the_goods_are_gone_all_of_the_money_goes_back(
    refunding: Apart, inventory: Inventory, monkeypatch: pytest.MonkeyPatch, first: str, back: list[int]
) -> None:
    """Whether payments hears first that the order is off, of which it knew nothing, or that it is to be paid for."""
    async with refunding.answering():
        async with inventory.answering():
            order_id, one = await in_the_warehouse(refunding, "PEN")
        await inventory.shop.db.pool.execute(SOLD)  # somebody has just bought them
        sent, arrives = await late(refunding, monkeypatch)
        other = (await inspected(refunding.orders, one, written_off=1)).replacement_order_id
        assert (await sent).instead == Instead(other, Money(300, "EUR"))
        if first == "money":
            arrives.set()
            await until(refunding.orders, lambda: refunding.orders.db.pool.fetchval(SETTLED, one.id))
            assert await refunding.payments.db.pool.fetchval(CREDIT, other) == 300
        async with inventory.answering():
            await order_comes_to(refunding.orders, other, "CANCELED")
        await heard_off(refunding, other)
        arrives.set()
        await comes_to(refunding.orders, one.id, "REFUNDED")
        await comes_back(refunding, order_id, *(("refund", minor) for minor in back))
    assert await moved(refunding, other) == []
