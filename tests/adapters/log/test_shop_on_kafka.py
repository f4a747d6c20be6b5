"""The whole shop with its events on Kafka: orders go through while the broker is dead, and nothing is missing after."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.adapters.log.brokers import Broker
from tests.adapters.log.raw import messages
from tests.engines import address
from tests.markets import Market, Person, open_market
from tests.shops import until
from tradewind.adapters.log.kafka.topics import Names
from tradewind.app.audit import audit
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.kernel.ids import new_id, new_trace_id

ORDERS = 12
SETTLE_S = 90.0
pytestmark = pytest.mark.engine("kafka")


@pytest.fixture
def more_settings() -> dict[str, str]:
    """What the market is told beside its brokers."""
    return {}


@pytest_asyncio.fixture
async def on_kafka(
    settings: Settings, template: Engines, tmp_path: Path, more_settings: dict[str, str]
) -> AsyncIterator[tuple[Market, str, Names]]:
    """A market whose worker publishes and consumes; the brokers and the names of its topics."""
    from confluent_kafka.admin import AdminClient

    servers, names = address("KAFKA_SERVERS"), Names(f"m{new_id().hex[-12:]}.")
    more = {"TRADEWIND_KAFKA_SERVERS": servers, "TRADEWIND_KAFKA_PREFIX": names.prefix, "TRADEWIND_CONNECT_URL": ""}
    more |= more_settings
    async with open_market(replace(settings), template, tmp_path, more=more) as market:
        yield market, servers, names
    admin = AdminClient({"bootstrap.servers": servers})
    topics = [name for name in admin.list_topics(timeout=60).topics if name.startswith(names.prefix)]
    for done in (admin.delete_topics(topics) if topics else {}).values():
        done.result(60)


async def settled(market: Market) -> list[str]:
    """What the auditor finds once everything has been heard."""
    report = await audit(market.shop.engines.database_url, None, settle_s=SETTLE_S)
    return list(report.lines())


async def carried(market: Market, buyer: Person, placed: httpx2.Response) -> None:
    """Wait until its saga has confirmed this order."""

    async def confirmed() -> bool:
        found = (await buyer.get(f"/api/v1/orders/{placed.json()['id']}")).json()
        return found["status"] in ("CONFIRMED", "PAID")

    assert await until(market.shop, confirmed)


async def test_a_request_its_event_on_kafka_and_who_hears_it_are_one_trace(
    on_kafka: tuple[Market, str, Names],
) -> None:
    market, servers, names = on_kafka
    trace_id, buyer = new_trace_id(), market.somebody()
    sku = await market.goods(stock=5)
    body = {
        "items": [{"sku": sku, "qty": 1}],
        "paymentMethod": "simulated:approve",
        "shippingAddress": {"country": "GB"},
    }
    placed = await buyer.post("/api/v1/orders", body, traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
    assert placed.status_code == 201, placed.text
    assert await settled(market) == []
    told = await messages(servers, names.topic("ecommerce.order.order.created.v1"), 1)
    assert json.loads(told[0].value)["traceId"] == trace_id
    assert dict(told[0].headers)["traceparent"].decode().split("-")[1] == trace_id
    heard = [json.loads(line) for line in market.logs().splitlines() if '"event heard"' in line and trace_id in line]
    assert "orders.orders_by_customer" in {line["subscriber"] for line in heard}


async def test_orders_go_through_while_the_broker_is_dead_and_everybody_hears_of_them_afterwards(
    on_kafka: tuple[Market, str, Names],
) -> None:
    market, servers, _ = on_kafka
    sku, buyer = await market.goods(stock=100), market.somebody()
    await carried(market, buyer, await buyer.order(sku))
    broker = Broker(int(servers.rpartition(":")[2]))
    await broker.kill()
    try:
        answers = await asyncio.gather(*(buyer.order(sku) for _ in range(ORDERS)))
        assert {answer.status_code for answer in answers} == {201}
        for answer in answers:
            await carried(market, buyer, answer)  # sagas need no broker
    finally:
        broker.start()
    assert await settled(market) == [], "nothing lost, nothing doubled, the backlog empty"
    listed: Any = (await buyer.get("/api/v1/orders?limit=50")).json()
    assert len(listed["items"]) == ORDERS + 1, "the projection has caught up"
