"""Orders and inventory on two databases, gRPC between them: one saga, the same ends, nothing twice and nothing lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.builders import a_product, ended
from tests.remote.conftest import a_token
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.adapters.inventory import grpc as inventory_client
from tradewind.adapters.inventory.apart import AwayInventory
from tradewind.adapters.inventory.grpc import GrpcInventory, InventoryDidNotAnswer, grpc_inventory
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.remote import answering_remotely
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.manifest import OrderLine, Placement, PlaceOrder
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.shipping.manifest import Supply
from tradewind.contracts.inventory import (
    Amendment,
    InventoryPeer,
    InventoryReserved,
    NotEnoughStock,
    ReservationEnded,
    Wanted,
)
from tradewind.contracts.outcomes import Waiting
from tradewind.runtime.saga import settling
from tradewind.runtime.telemetry import traces

pytestmark = pytest.mark.adapter("grpc")

STAFF = a_call("admin")
STOCK = "SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = 'BOOK'"
PHASE = "SELECT phase FROM runtime.saga WHERE id = $1"
ASKED_OR_PARKED = """
    SELECT (SELECT count(*) >= $2 FROM runtime.saga_journal WHERE saga_id = $1 AND step = 'undo_reserve_inventory')
        OR EXISTS (SELECT FROM runtime.saga WHERE id = $1 AND phase = 'NEEDS_ATTENTION')
"""
TWO_BOOKS = PlaceOrder(
    items=(OrderLine(sku="BOOK", qty=2),), payment_method="simulated:approve", shipping_address={"country": "DE"}
)


class Lossy:
    """The way to inventory: what is asked arrives, and so many answers to each question are lost."""

    def __init__(self, real: GrpcInventory) -> None:
        self.real, self.losses = real, 0
        self.lost: dict[Any, int] = {}
        self.arrived: list[str] = []

    async def _then_lose(self, name: str, order_id: UUID, asked: Any) -> Any:
        answer = await asked
        self.arrived.append(name)
        self.lost[name, order_id] = lost = self.lost.get((name, order_id), 0) + 1
        if lost <= self.losses:
            raise InventoryDidNotAnswer
        return answer

    async def reserve(self, wanted: Wanted, call: Any, ttl_s: int = 0) -> InventoryReserved | NotEnoughStock:
        answer: InventoryReserved | NotEnoughStock = await self._then_lose(
            "reserve", wanted.order_id, self.real.reserve(wanted, call, ttl_s)
        )
        return answer

    async def confirm(self, order_id: UUID, call: Any) -> bool:
        out: bool = await self._then_lose("confirm", order_id, self.real.confirm(order_id, call))
        return out

    async def release(self, order_id: UUID, call: Any) -> Waiting | None:
        waits: Waiting | None = await self._then_lose("release", order_id, self.real.release(order_id, call))
        return waits

    async def amend(self, amendment: Amendment, call: Any) -> ReservationEnded | None:
        ended: ReservationEnded | None = await self._then_lose(
            "amend", amendment.edit_id, self.real.amend(amendment, call)
        )
        return ended

    async def away(self, *_: Any) -> Any:
        """Nothing arrives."""
        raise InventoryDidNotAnswer


@dataclass
class Apart:
    """Two shops: one has the orders, the other has the stock."""

    orders: Shop
    inventory: Shop
    way: Lossy
    port: int

    async def stock(self) -> tuple[int, int]:
        """On hand and reserved, where the stock is."""
        row = await self.inventory.db.pool.fetchrow(STOCK)
        return row["on_hand"], row["reserved"]

    async def ended(self, method: str = "approve", **how: Any) -> OrderView:
        """An order that was carried to its end."""
        return await ended(self.orders, method, **how)

    def answering(self) -> Any:
        """Inventory's edge, for as long as it is open."""
        settings = replace(self.inventory.settings, grpc_port=self.port)
        return answering_remotely(replace(self.inventory, settings=settings))


@pytest_asyncio.fixture
async def apart(shop: Shop, other_engines: Engines) -> AsyncIterator[Apart]:
    port = free_port("127.0.0.1")
    async with AsyncExitStack() as stack:
        client = grpc_inventory(f"127.0.0.1:{port}", lambda: a_token(shop))
        way = Lossy(await stack.enter_async_context(client))
        placement: dict[type, object] = {
            Placement: Placement(in_place=False, away=way),
            Supply: Supply(away=way),
            InventoryPeer: AwayInventory(),
        }
        orders = await stack.enter_async_context(
            open_shop(shop.settings, other_engines, connections=8, instead=placement)
        )
        await a_product(shop, "BOOK")
        await a_product(orders, "BOOK", stock=0)
        await stack.enter_async_context(working(orders))
        yield Apart(orders, shop, way, port)


async def test_an_approved_order_is_held_and_taken_out_there(apart: Apart) -> None:
    async with apart.answering():
        order = await apart.ended()
    assert [step.status for step in order.history or ()] == ["PENDING_RESERVATION", "RESERVED", "CONFIRMED", "PAID"]
    assert await apart.stock() == (8, 0)
    assert apart.way.arrived == ["reserve", "confirm"]


@pytest.mark.parametrize(
    ("method", "country", "status"),
    [("decline", "DE", "CANCELED"), ("approve", "AQ", "CANCELED"), ("timeout", "DE", "FAILED")],
)
async def test_an_order_that_fails_gives_its_goods_back_there(
    apart: Apart, method: str, country: str, status: str
) -> None:
    async with apart.answering():
        order = await apart.ended(method, country=country)
    assert order.status == status
    assert await apart.stock() == (10, 0)


async def test_goods_that_are_missing_there_cancel_the_order_and_are_named(apart: Apart) -> None:
    async with apart.answering():
        order = await apart.ended(qty=11)
    assert (order.status, order.why) == ("CANCELED", "out of stock: BOOK")
    assert await apart.stock() == (10, 0)


@pytest.mark.parametrize(("method", "stock"), [("approve", (8, 0)), ("decline", (10, 0))])
async def test_answers_that_are_lost_are_asked_for_again_and_nothing_is_done_twice(
    apart: Apart, method: str, stock: tuple[int, int]
) -> None:
    apart.way.losses = 2
    async with apart.answering():
        order = await apart.ended(method)
    assert order.status == ("PAID" if method == "approve" else "CANCELED")
    assert await apart.stock() == stock
    assert apart.way.arrived.count("reserve") == 3


async def test_an_order_waits_for_inventory_that_is_away(apart: Apart) -> None:
    order_id = (await apart.orders.dispatch(TWO_BOOKS, a_call())).id

    async def tried() -> bool:
        attempt = "SELECT count(*) FROM runtime.saga_journal WHERE saga_id = $1 AND message = 'Failed'"
        return bool(await apart.orders.db.pool.fetchval(attempt, order_id) >= 2)

    await until(apart.orders, tried)
    standing = await apart.orders.dispatch(GetOrder(order_id=order_id), STAFF)
    assert standing.status == "PENDING_RESERVATION"

    async def paid() -> bool:
        seen: OrderView = await apart.orders.dispatch(GetOrder(order_id=order_id), STAFF)
        return seen.status == "PAID"

    async with apart.answering():
        await until(apart.orders, paid)
    assert await apart.stock() == (8, 0)


async def test_an_order_that_is_called_off_while_inventory_is_away_is_so_once_it_is_back_and_needs_nobody(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "MAX_BACKOFF_S", 0.01)
    monkeypatch.setattr(inventory_client, "AWAY_AGAIN_S", 0.01)
    order_id = (await apart.orders.dispatch(TWO_BOOKS, a_call())).id
    await apart.orders.dispatch(CancelOrder(order_id=order_id), STAFF)
    looks = PLACE_ORDER.undo_attempts + 1

    async def asked_or_parked() -> bool:
        return bool(await apart.orders.db.pool.fetchval(ASKED_OR_PARKED, order_id, looks))

    await until(apart.orders, asked_or_parked)
    assert await apart.orders.db.pool.fetchval(PHASE, order_id) == "COMPENSATING", "nobody has to mend it"

    async def over() -> bool:
        seen: OrderView = await apart.orders.dispatch(GetOrder(order_id=order_id), STAFF)
        return seen.status == "CANCELED"

    async with apart.answering():
        await until(apart.orders, over)
    assert await apart.stock() == (10, 0)


async def test_many_who_want_the_last_pieces_get_what_there_is(apart: Apart) -> None:
    async with apart.answering():
        ended = await asyncio.gather(*(apart.ended(qty=1) for _ in range(16)))
    assert sorted(order.status for order in ended) == ["CANCELED"] * 6 + ["PAID"] * 10
    assert await apart.stock() == (0, 0)


async def test_one_trace_goes_from_the_saga_to_what_inventory_tells(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(traces, "_recording", False)
    monkeypatch.setattr(traces, "_tracer", traces._tracer)
    traces.record_with(provider)
    async with apart.answering():
        order = await apart.ended()
    told = "SELECT trace_id FROM runtime.outbox WHERE key = $1 AND type LIKE '%reservation.reserved%'"
    trace_id = await apart.inventory.db.pool.fetchval(told, str(order.id))
    spans = [one for one in exporter.get_finished_spans() if f"{one.context.trace_id:032x}" == trace_id]
    kinds = [(one.kind.name, one.name) for one in spans if one.name.endswith("/ReserveStock")]
    assert sorted(kinds) == [
        ("CLIENT", "tradewind.inventory.v1.Inventory/ReserveStock"),
        ("SERVER", "tradewind.inventory.v1.Inventory/ReserveStock"),
    ]
    assert (
        await apart.orders.db.pool.fetchval(told.replace("reservation.reserved", "order.created"), str(order.id))
        == trace_id
    )
