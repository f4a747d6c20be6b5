"""One trace of an order: from the request to what its buyer hears over a socket, through every process on the way."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.collectors import Collector, a_collector, as_spans_arrive
from tests.journeys.test_live_orders import watching
from tests.markets import Market, open_market
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.kernel.ids import new_trace_id

EDGE, WORKER = "tradewind-edge", "tradewind-worker"
WAY: Final = (
    (EDGE, "POST /api/v1/orders", Span.SPAN_KIND_SERVER),
    (EDGE, "postgres transaction", Span.SPAN_KIND_CLIENT),
    (WORKER, "place_order confirm_reservation", Span.SPAN_KIND_INTERNAL),
    (WORKER, "ask authorize_payment", Span.SPAN_KIND_CLIENT),
    (WORKER, "place_order authorize_payment", Span.SPAN_KIND_INTERNAL),
    (WORKER, "place_order confirm_order", Span.SPAN_KIND_INTERNAL),
    (WORKER, "place_order capture_payment", Span.SPAN_KIND_INTERNAL),
    (WORKER, "hear orders.orders_by_customer", Span.SPAN_KIND_CONSUMER),
    (WORKER, "hear notifications.owe_messages", Span.SPAN_KIND_CONSUMER),
    (EDGE, "push order.paid", Span.SPAN_KIND_PRODUCER),
)
"""Which process does what in which role, from the order to the news that it is paid."""


@pytest_asyncio.fixture
async def traced(settings: Settings, template: Engines, tmp_path: Path) -> AsyncIterator[tuple[Market, Collector]]:
    """A market whose processes export their spans, and who takes them."""
    async with (
        a_collector() as (collector, url),
        open_market(replace(settings), template, tmp_path, more=as_spans_arrive(url)) as market,
    ):
        yield market, collector


def said(span: Span) -> dict[str, Any]:
    """The span's attributes."""
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


@pytest.mark.one_process_tree("what is asked is how its processes are called, one by one")
@pytest.mark.adapter("otlp", played=True)
async def test_an_order_is_one_trace_from_the_request_to_the_news_that_reaches_its_buyer(
    traced: tuple[Market, Collector],
) -> None:
    market, collector = traced
    sku, buyer, trace_id = await market.goods(stock=5), market.somebody("customer"), new_trace_id()
    body = {
        "items": [{"sku": sku, "qty": 1}],
        "paymentMethod": "simulated:approve",
        "shippingAddress": {"country": "GB"},
    }
    async with watching(market, buyer) as watcher:
        await watcher.follows("mine")
        placed = await buyer.post("/api/v1/orders", body, traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
        assert placed.status_code == 201, placed.text
        assert (await watcher.until("order.paid"))["data"]["orderId"] == placed.json()["id"]

    async def whole() -> list[tuple[str, Span]] | None:
        found = [(service, span) for service, span in collector.told if span.trace_id.hex() == trace_id]
        seen = {(service, span.name, span.kind) for service, span in found}
        return found if seen >= set(WAY) else None

    found = {(service, span.name): span for service, span in await market.sees(whole)}
    request, paid = found[EDGE, "POST /api/v1/orders"], found[EDGE, "push order.paid"]
    assert said(request)["http.response.status_code"] == 201
    assert said(found[WORKER, "place_order confirm_order"])["orderId"] == placed.json()["id"]
    assert said(paid)["topic"] == f"user:{buyer.subject}"
    assert request.start_time_unix_nano <= paid.end_time_unix_nano
    moves = [json.loads(line) for line in market.logs().splitlines() if trace_id in line and "saga moved" in line]
    assert [(line["saga"], line["phase"]) for line in moves] == [("place_order", "COMPLETED")]
    assert {(line["orderId"], line["process"]) for line in moves} == {(placed.json()["id"], "worker")}
