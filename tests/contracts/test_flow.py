"""The graph of events (S3-84): who tells what to whom, and that one order's walk goes along every edge of it."""

from typing import Any, Final, NamedTuple
from uuid import UUID

import pytest

from tests.builders import a_product, an_ended_order
from tests.house.tree import REPOSITORY
from tests.shops import Shop, a_call, until, working
from tradewind.app.wiring import manifests
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.shipping.get_shipment.query import GetOrderShipment
from tradewind.contexts.shipping.manifest import DeliverShipment, DispatchShipment, ReportTransit
from tradewind.contracts.catalog import ProductCreated
from tradewind.contracts.inventory import InventoryReserved, OutOfStock
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import OrderConfirmed, OrderPlaced
from tradewind.contracts.payments import PaymentAuthorized, PaymentCaptured, PaymentFailed
from tradewind.contracts.shipping import ShipmentCreated, ShipmentDelivered
from tradewind.runtime import failpoints


class Edge(NamedTuple):
    """`teller` tells `event`, and `hearer` does something about it."""

    teller: str
    event: type[Event]
    hearer: str


GRAPH: Final = (
    Edge("catalog", ProductCreated, "inventory"),
    Edge("orders", OrderPlaced, "inventory"),
    Edge("orders", OrderPlaced, "payments"),
    Edge("orders", OrderPlaced, "shipping"),
    Edge("inventory", InventoryReserved, "orders"),
    Edge("inventory", OutOfStock, "orders"),
    Edge("payments", PaymentAuthorized, "orders"),
    Edge("payments", PaymentCaptured, "orders"),
    Edge("payments", PaymentFailed, "orders"),
    Edge("orders", OrderConfirmed, "shipping"),
    Edge("shipping", ShipmentCreated, "orders"),
    Edge("shipping", ShipmentDelivered, "orders"),
)
HEARD: Final = """
    SELECT count(*) AS told, count(*) FILTER (WHERE (o.stamp, o.position) <= (p.stamp, p.position)) AS heard
    FROM runtime.outbox AS o JOIN runtime.position AS p ON p.subscriber = $2 WHERE o.type = $1
"""
LETTERS: Final = "SELECT subscriber, type, reason FROM runtime.dead_letter"
STOCK: Final = "SELECT sku, on_hand, reserved FROM inventory.inventory_stock ORDER BY sku"
DEMAND: Final = "SELECT sku, pieces FROM inventory.demand ORDER BY sku"
EXPECTED: Final = "SELECT country, orders, pieces FROM shipping.expected"
SOLD: Final = "SELECT lines::text LIKE '%WALK%', items_minor > 0 FROM payments.sold WHERE order_id = $1"
SHIPMENTS: Final = "SELECT order_id, status FROM shipping.shipments"
STAFF: Final = a_call("admin")


def subscriber_of(edge: Edge) -> str:
    """The one by which the hearer acts on the event; or who keeps what it says, where nothing but that is done."""
    own = next(one for one in manifests() if one.name == edge.hearer)
    hearing = [one for one in own.subscribers if edge.event in one.events]
    (found,) = [one.name for one in hearing if one.table is None] or [one.name for one in hearing]
    return found


def _name(edge: Edge) -> str:
    return f"{edge.teller}-{edge.event.__name__}-{edge.hearer}"


@pytest.mark.parametrize("edge", GRAPH, ids=_name)
def test_each_edge_has_one_who_tells_and_one_who_hears(edge: Edge) -> None:
    rows = [line.split(" | ") for line in (REPOSITORY / "docs/events.md").read_text().splitlines()]
    (row,) = [row for row in rows if row[0].startswith(f"| [`{edge.event.TYPE}`]")]
    assert row[5] == edge.teller, "the page follows from the code"
    assert subscriber_of(edge).startswith(f"{edge.hearer}.")


async def test_an_orders_walk_goes_along_every_edge_and_does_at_its_end_what_it_says(working_shop: Shop) -> None:
    await a_product(working_shop, "WALK", stock=2)
    await a_product(working_shop, "STAY", stock=5)
    order_id = await an_ended_order(working_shop, "WALK", qty=2)
    await an_ended_order(working_shop, "STAY", qty=1, method="simulated:decline")
    await _deliver(working_shop, order_id)

    async def fulfilled() -> bool:
        return bool((await working_shop.dispatch(GetOrder(order_id=order_id), STAFF)).status == "FULFILLED")

    await until(working_shop, fulfilled)
    for edge in GRAPH:
        await _is_heard(working_shop, edge)
    pool = working_shop.db.pool
    assert await pool.fetch(LETTERS) == []
    assert await _rows(pool, STOCK) == [("STAY", 5, 0), ("WALK", 0, 0)], "as its saga left it, and no piece less"
    assert await _rows(pool, DEMAND) == [("STAY", 1), ("WALK", 2)]
    assert await _rows(pool, EXPECTED) == [("DE", 2, 3)]
    assert tuple(await pool.fetchrow(SOLD, order_id)) == (True, True)
    assert await _rows(pool, SHIPMENTS) == [(order_id, "DELIVERED")]


@pytest.mark.parametrize(
    "where", ["relay.before_commit=raise@1", "relay.after_commit=raise@1", "relay.after_commit=raise@3"]
)
async def test_wherever_who_carries_events_breaks_off_an_order_is_counted_once(shop: Shop, where: str) -> None:
    await a_product(shop, "WALK", stock=9)
    await _order(shop, 2)
    point, _, action = where.partition("=")
    failpoints.arm({point: action})
    try:
        async with working(shop):
            await _counted(shop, orders=1, pieces=2)
            await _order(shop, 3)
            await _counted(shop, orders=2, pieces=5)
    finally:
        failpoints.arm({})
    assert await shop.db.pool.fetch(LETTERS) == []


async def _order(shop: Shop, qty: int) -> None:
    wish = PlaceOrder(items=(OrderLine(sku="WALK", qty=qty),), shipping_address={"country": "DE"})
    await shop.dispatch(wish, a_call())


async def _counted(shop: Shop, *, orders: int, pieces: int) -> None:
    """Wait until inventory and shipping have counted so many."""

    async def both() -> bool:
        found = await _rows(shop.db.pool, DEMAND), await _rows(shop.db.pool, EXPECTED)
        return found == ([("WALK", pieces)], [("DE", orders, pieces)])

    await until(shop, both)


async def _deliver(shop: Shop, order_id: UUID) -> None:
    shipment = await shop.dispatch(GetOrderShipment(order_id=order_id), STAFF)
    for command in (DispatchShipment, ReportTransit, DeliverShipment):
        await shop.dispatch(command(shipment_id=shipment.id), STAFF)


async def _is_heard(shop: Shop, edge: Edge) -> None:
    """Wait until all that was told of it is heard; it was told."""

    async def all_of_it() -> bool:
        row = await shop.db.pool.fetchrow(HEARD, edge.event.TYPE, subscriber_of(edge))
        return bool(row["told"] == row["heard"] > 0)

    await until(shop, all_of_it)


async def _rows(pool: Any, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await pool.fetch(sql)]
