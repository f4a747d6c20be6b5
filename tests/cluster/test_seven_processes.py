"""The shop as seven processes with three databases: a buyer notices nothing, and nothing is lost."""

import asyncio
import json
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest

from tests.clusters import Cluster
from tests.engines import address
from tests.markets import Market, Person
from tests.shops import until
from tradewind.adapters.log.kafka.topics import Names
from tradewind.kernel.ids import new_trace_id

pytestmark = pytest.mark.engine("kafka")

ADDRESS: Final = {"line1": "1 Main Street", "city": "London", "postalCode": "SW1A 1AA", "country": "GB"}
ORDERS: Final = 24
RESERVED: Final = "ecommerce.inventory.reservation.reserved.v1"
STOCK: Final = 100
SETTLE_S: Final = 90.0
PAYERS: Final = "SELECT count(*) FROM payments.payer WHERE id = ANY($1::uuid[])"
SET_STATE: Final = "UPDATE inventory.reservation SET state = $2 WHERE order_id = $1"
CARRIED: Final = """
    SELECT s.name FROM runtime.saga AS s JOIN orders.edit AS e USING (id) WHERE e.order_id = ANY($1::uuid[])
"""
EDITED: Final = 8
OVER: Final = ("PAID", "CANCELED", "FAILED")


async def told(who: Person, path: str, body: Any = None, **headers: str) -> Any:
    """What the shop answers to who does this, or looks at it where there is no body."""
    answer = await (who.get(path, **headers) if body is None else who.post(path, body, **headers))
    assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


async def goods(market: Market, sku: str, stock: int) -> None:
    """A product with so many on the shelf, once inventory has heard of it and the catalog of its stock."""
    made = {"sku": sku, "name": "A lamp", "category": "things", "price": {"amount": 12.5, "currency": "EUR"}}
    product = await told(market.admin, "/api/v1/products", made)
    path = f"/api/v1/inventory/{sku}"

    async def known() -> bool:
        return (await market.admin.get(path)).status_code == 200

    await until(market.shop, known)
    await told(market.admin, f"{path}/adjustments", {"delta": stock, "reason": "delivery"})

    async def shown() -> bool:
        return bool((await told(market.somebody(), f"/api/v1/products/{product['id']}")).get("available"))

    await until(market.shop, shown)


async def walked(market: Market, sku: str) -> str:
    """A buyer's walk: cart, quote, order, paid, shipped, one piece returned and refunded; the order's id."""
    buyer, warehouse = market.somebody("customer"), market.somebody("warehouse")
    cart = await told(buyer, "/api/v1/carts", {})
    await told(buyer, f"/api/v1/carts/{cart['id']}/lines", {"sku": sku, "qty": 2})
    wish = {"shippingAddress": ADDRESS, "email": "ada@example.org"}
    quote = await told(buyer, f"/api/v1/carts/{cart['id']}/quote", wish)
    paying = {"quoteToken": quote["token"], "paymentMethod": "simulated:approve"}
    order = await told(buyer, f"/api/v1/carts/{cart['id']}/checkout", paying, Prefer="wait=20")
    await market.comes_to(buyer, order["id"], "PAID")
    assert await market.stock(sku) == (STOCK - 2, 0)
    shipment = await told(warehouse, f"/api/v1/orders/{order['id']}/shipment")
    for act in ("dispatch", "in-transit", "deliver"):
        await told(warehouse, f"/api/v1/shipments/{shipment['id']}/{act}", {})
    await market.comes_to(buyer, order["id"], "FULFILLED")
    wanted = {"lines": [{"sku": sku, "qty": 1}], "reason": "DAMAGED"}
    back = await told(buyer, f"/api/v1/orders/{order['id']}/returns", wanted)
    await told(market.admin, f"/api/v1/returns/{back['id']}/approve", {})
    await told(warehouse, f"/api/v1/returns/{back['id']}/receive", {})
    await told(warehouse, f"/api/v1/returns/{back['id']}/inspect", {"lines": [{"sku": sku, "restock": 1}]})

    async def restocked() -> bool:
        return await market.stock(sku) == (STOCK - 1, 0)

    await until(market.shop, restocked)

    async def refunded() -> Any:
        seen = await told(buyer, f"/api/v1/returns/{back['id']}")
        return seen if seen["status"] == "REFUNDED" else None

    assert (await until(market.shop, refunded))["refundAmount"] == 12.5
    return str(order["id"])


async def traced(cluster: Cluster) -> None:
    """One trace goes from the gateway to the order, to what inventory tells of it, and to Kafka."""
    market, trace_id = cluster.market, new_trace_id()
    buyer = market.somebody()
    body = {"items": [{"sku": "LAMP", "qty": 1}], "shippingAddress": ADDRESS, "paymentMethod": "simulated:approve"}
    placed = await buyer.post("/api/v1/orders", body, traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
    assert placed.status_code == 201, placed.text
    order_id = placed.json()["id"]
    await market.comes_to(buyer, order_id, "PAID")
    inventory: Any = await asyncpg.connect(cluster.inventory_database_url)
    try:
        there = await inventory.fetch("SELECT type, trace_id FROM runtime.outbox WHERE key = $1", order_id)
    finally:
        await inventory.close()
    assert {row["trace_id"] for row in there} == {trace_id}
    assert RESERVED in {row["type"] for row in there}
    assert trace_id in {row["trace_id"] for row in await market.events(order_id)}
    servers, names = address("KAFKA_SERVERS"), Names(market.shop.settings.kafka_prefix)
    for topic in (names.topic(RESERVED), names.topic("ecommerce.order.order.paid.v1")):
        assert trace_id in await asyncio.to_thread(_traces, servers, topic, order_id), topic


def _traces(servers: str, topic: str, key: str) -> set[str]:
    """The traces of the first event of this key that lies on the topic."""
    from confluent_kafka import Consumer

    client = Consumer({"bootstrap.servers": servers, "group.id": topic + key, "auto.offset.reset": "earliest"})
    client.subscribe([topic])
    try:
        while (one := client.poll(SETTLE_S)) is not None:
            said = {} if one.error() else json.loads(one.value())
            if said.get("partitionKey") == key:
                return {said["traceId"]}
        return set()
    finally:
        client.close()


async def test_a_buyer_walks_through_and_no_order_is_lost_when_inventory_is_killed(cluster: Cluster) -> None:
    market = cluster.market
    await goods(market, "LAMP", STOCK)
    await walked(market, "LAMP")
    await traced(cluster)
    left = STOCK - 2
    assert await cluster.audited() == []

    buyer = market.somebody()
    asked = [asyncio.create_task(buyer.order("LAMP", pays="approve")) for _ in range(ORDERS)]
    killed = []
    for _ in range(2):
        await asyncio.sleep(0.3)
        killed += cluster.kill("inventory")
    answers = await asyncio.gather(*asked)
    assert killed
    assert {answer.status_code for answer in answers} == {201}, "orders are taken while inventory is away"
    ids = [answer.json()["id"] for answer in answers]
    ended = [await market.comes_to(buyer, one, *OVER) for one in ids]
    assert {order["status"] for order in ended} == {"PAID"}

    async def back() -> bool:
        return (await market.nobody.get("/health/ready")).status_code == 200

    await until(market.shop, back)
    assert await market.stock("LAMP") == (left - ORDERS, 0)
    assert await cluster.audited() == []

    inventory: Any = await asyncpg.connect(cluster.inventory_database_url)
    try:
        await inventory.execute(SET_STATE, UUID(ids[0]), "RELEASED")
        wrong = await cluster.audited()
        await inventory.execute(SET_STATE, UUID(ids[0]), "CONFIRMED")
    finally:
        await inventory.close()
    assert any(ids[0] in line for line in wrong), "an order whose goods are not taken out any more is named"
    assert {line.partition(":")[0] for line in wrong} == {"stock ledger", "reservations"}


async def test_every_order_is_charged_once_when_payments_is_killed_while_it_is_asked(cluster: Cluster) -> None:
    market = cluster.market
    sku = await market.goods(STOCK)
    buyer = market.somebody()
    asked = [asyncio.create_task(buyer.order(sku, pays="approve")) for _ in range(ORDERS)]
    killed = []
    for _ in range(2):
        await asyncio.sleep(0.3)
        killed += cluster.kill("payments")
    answers = await asyncio.gather(*asked)
    assert killed
    assert {answer.status_code for answer in answers} == {201}, "orders are taken while payments is away"
    ids = [answer.json()["id"] for answer in answers]
    ended = [await market.comes_to(buyer, one, *OVER) for one in ids]
    assert {order["status"] for order in ended} == {"PAID"}
    assert await market.money_pool.fetchval(PAYERS, [UUID(one) for one in ids]) == ORDERS, (
        "all of them asked payments' own process"
    )
    assert await cluster.audited() == [], "our books and the provider's agree: each was captured once"


@pytest.mark.parametrize(("context", "part"), [("payments", "edge"), ("orders", "worker")])
async def test_edits_move_goods_and_money_once_when_either_side_is_killed_meanwhile(
    cluster: Cluster, context: str, part: str
) -> None:
    market = cluster.market
    sku = await market.goods(STOCK)
    buyer = market.somebody()
    answers = await asyncio.gather(*(buyer.order(sku, qty=2, pays="approve") for _ in range(EDITED)))
    ids = [answer.json()["id"] for answer in answers]
    for one in ids:
        await market.comes_to(buyer, one, "PAID")
    wanted = {one: 1 if number % 2 else 3 for number, one in enumerate(ids)}

    async def edited(order_id: str, qty: int) -> None:
        path, body = f"/api/v1/orders/{order_id}", {"items": [{"sku": sku, "qty": qty}]}
        version = (await buyer.get(path)).headers["etag"]
        answer = await buyer.send("PATCH", path, body, **{"If-Match": version})
        assert answer.status_code == 202, answer.text

    asked = [asyncio.create_task(edited(*one)) for one in wanted.items()]
    killed = []
    for _ in range(2):
        await asyncio.sleep(0.3)
        killed += cluster.kill(context, part)
    await asyncio.gather(*asked)
    assert killed

    async def over() -> Any:
        found = [await told(buyer, f"/api/v1/orders/{one}") for one in ids]
        return found if all(one["edit"]["status"] in ("DONE", "REFUSED") for one in found) else None

    ended = await until(market.shop, over)
    assert {one["edit"]["status"] for one in ended} == {"DONE"}
    assert {one["id"]: one["items"][0]["qty"] for one in ended} == wanted
    assert {one["name"] for one in await market.shop.db.pool.fetch(CARRIED, [UUID(one) for one in ids])} == {
        "edit_apart"
    }
    assert await market.stock(sku) == (STOCK - sum(wanted.values()), 0)
    assert await cluster.audited() == [], "our books and the provider's agree"
