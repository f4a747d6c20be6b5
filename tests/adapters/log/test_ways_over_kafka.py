"""Ways that lead over Kafka from one engine to another: sensors to the log, orders to the log, the log to columns."""

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import pytest_asyncio
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from tests.adapters.log.raw import first, send
from tests.builders import a_product, an_ended_order
from tests.engines import address
from tests.sensors.brokers import OwnBroker
from tests.sensors.fleet import Fleet
from tests.sensors.fleet import Told as Delta
from tests.shops import open_shop, until, working
from tradewind.adapters.log.kafka.topics import Names
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contracts.envelope import Envelope, producer
from tradewind.contracts.inventory import StockAdjusted
from tradewind.contracts.orders import OrderConfirmed, OrderPlaced
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id, new_trace_id
from tradewind.ports.columns import Columns
from tradewind.runtime.telemetry import traces

pytestmark = pytest.mark.engine("kafka")
THERE: Final = "SELECT order_id, total_minor FROM fact_orders"
TOLD: Final = "SELECT count(*) FROM runtime.outbox WHERE key = $1"


@pytest.fixture
def kafka() -> tuple[str, Names]:
    """The brokers, and topics of the test's own."""
    return address("KAFKA_SERVERS"), Names(f"w{new_id().hex[-12:]}.")


@pytest_asyncio.fixture
async def sensor_broker(tmp_path: Path) -> AsyncIterator[OwnBroker]:
    """The shop's own broker of sensors."""
    broker = OwnBroker(tmp_path)
    await broker.start()
    yield broker
    await broker.end(signal.SIGTERM)


@pytest.fixture
def told_by(settings: Settings, kafka: tuple[str, Names]) -> Settings:
    """Settings of a shop that hears its events by Kafka."""
    servers, names = kafka
    return replace(settings, kafka_servers=servers, kafka_prefix=names.prefix, connect_url=None)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What is recorded in this process."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(traces, "_recording", False)
    monkeypatch.setattr(traces, "_tracer", traces._tracer)
    traces.record_with(provider)
    return exporter


async def test_a_delta_of_a_sensor_is_an_event_on_kafka(
    told_by: Settings, kafka: tuple[str, Names], own_engines: Engines, sensor_broker: OwnBroker
) -> None:
    servers, names = kafka
    there = replace(told_by, mqtt_url=sensor_broker.shop)
    async with open_shop(there, own_engines, connections=8) as shop, working(shop):
        await a_product(shop, "SENSED", stock=10)
        await Fleet(sensor_broker.sensor).tell([Delta("SENSED", b'{ "delta": -2, "reason": "SENSOR" }')], sensors=1)
        event = await first(servers, names.topic(StockAdjusted.TYPE), lambda said: said["payload"].get("delta") == -2)
    said = event["payload"]
    assert (event["eventType"], event["partitionKey"]) == (StockAdjusted.TYPE, said["productId"])
    assert (said["sku"], said["onHand"], said["reason"]) == ("SENSED", 8, "SENSOR")


async def test_an_order_that_is_certain_is_told_on_kafka_and_whoever_hears_it_is_in_its_trace(
    told_by: Settings, kafka: tuple[str, Names], own_engines: Engines, spans: InMemorySpanExporter
) -> None:
    servers, names = kafka
    async with open_shop(told_by, own_engines, connections=8) as shop, working(shop):
        order_id = str(await an_ended_order(shop, await a_product(shop, "LAMP", stock=5)))
        event = await first(
            servers, names.topic(OrderConfirmed.TYPE),
            lambda said: (said["eventType"], said["partitionKey"]) == (OrderConfirmed.TYPE, order_id),
        )  # fmt: skip

        async def seen() -> bool:
            found = [span for span in spans.get_finished_spans() if f"{_trace_of(span):032x}" == event["traceId"]]
            kinds = {(span.name, span.kind) for span in found if _said(span).get("eventType") == OrderConfirmed.TYPE}
            asked = {span.kind for span in found if _said(span).get("db.system.name") == "postgresql"}
            heard = ("hear orders.orders_by_customer", SpanKind.CONSUMER)
            return {("publish", SpanKind.PRODUCER), heard} <= kinds and asked == {SpanKind.CLIENT}

        assert await until(shop, seen)
    assert (event["payload"]["orderId"], event["producer"]) == (order_id, "order-service")


@pytest.mark.engine("clickhouse")
async def test_what_is_told_on_kafka_alone_is_counted_in_clickhouse(
    told_by: Settings, kafka: tuple[str, Names], own_engines: Engines
) -> None:
    (servers, names), url = kafka, address("CLICKHOUSE_URL")
    there = replace(told_by, clickhouse_url=f"{url}/{os.getpid()}" if url.startswith("chdb:") else url)
    order = OrderPlaced(
        order_id=new_id(), user_id="ada", total_amount=Decimal("12.50"), currency="EUR", items=(), placed_at=now(),
        shipping_amount=Decimal(0), tax_amount=Decimal(0), discount_amount=Decimal(0),
    )  # fmt: skip
    envelope = Envelope(
        event_id=new_id(), event_type=order.TYPE, occurred_at=now(), producer=producer(order.TYPE),
        trace_id=new_trace_id(), correlation_id="c", partition_key=str(order.order_id), payload=order,
    )  # fmt: skip
    async with open_shop(there, own_engines, connections=8) as shop, working(shop):
        columns: Any = shop.db.peers[Columns]

        async def counted() -> list[Any]:
            return [(row[0], int(row[1])) for row in await columns.ask(THERE)]

        topic = names.topic(order.TYPE)
        await send(servers, topic, str(order.order_id), msgspec.json.encode(envelope))
        assert await until(shop, counted) == [(order.order_id, 1250)]
        assert await shop.db.pool.fetchval(TOLD, str(order.order_id)) == 0, "no log but Kafka has it"


def _trace_of(span: Any) -> int:
    return int(span.context.trace_id)


def _said(span: Any) -> dict[str, Any]:
    return dict(span.attributes or {})
