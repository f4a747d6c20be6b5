"""Spans on their way to a collector that speaks OTLP: they arrive as they were, and it holds nobody up."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.listening import listening
from tradewind.app.free_ports import free_port

pytestmark = pytest.mark.adapter("otlp", played=True)

HOST: Final = "127.0.0.1"
TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
WORK: Final = f"""
from tradewind.runtime.telemetry import traces
traces.configure("edge")
with traces.span("POST /orders", "{TRACE}", route="orders"), traces.span("commit", "{TRACE}"):
    print("done", flush=True)
"""


class Collector:
    """What was exported, by the name of the span; `script` holds the statuses of the next answers."""

    def __init__(self) -> None:
        self.spans: dict[str, Any] = {}
        self.services: set[str] = set()
        self.script: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        """One export."""
        if self.script:
            return web.Response(status=self.script.pop(0))
        for told in ExportTraceServiceRequest.FromString(await request.read()).resource_spans:
            self.services |= {one.value.string_value for one in told.resource.attributes if one.key == "service.name"}
            self.spans |= {span.name: span for scope in told.scope_spans for span in scope.spans}
        return web.Response()


@asynccontextmanager
async def a_collector() -> AsyncIterator[tuple[Collector, str]]:
    """One that listens, and where."""
    found, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", found.take)
    async with listening(app) as url:
        yield found, url


async def works(endpoint: str, within_s: int = 60) -> None:
    """A process that makes two spans, tries to export them for so long, and ends."""
    own = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
           "OTEL_EXPORTER_OTLP_TIMEOUT": str(within_s)}  # fmt: skip
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORK, env={**os.environ, **own}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await made.communicate()
    assert (made.returncode, said) == (0, b"done\n")


async def test_spans_arrive_under_the_trace_of_the_call_and_by_the_name_of_their_process() -> None:
    async with a_collector() as (collector, url):
        await works(url)
    outer, inner = collector.spans["POST /orders"], collector.spans["commit"]
    assert {one.trace_id.hex() for one in (outer, inner)} == {TRACE}
    assert inner.parent_span_id == outer.span_id
    assert [one.value.string_value for one in outer.attributes if one.key == "route"] == ["orders"]
    assert collector.services == {"edge"}


async def test_a_collector_that_stumbles_is_told_again() -> None:
    async with a_collector() as (collector, url):
        collector.script = [503]
        await works(url)
    assert set(collector.spans) == {"POST /orders", "commit"}


async def test_work_goes_on_while_the_collector_is_away_or_refuses() -> None:
    await works(f"http://{HOST}:{free_port(HOST)}", within_s=1)
    async with a_collector() as (collector, url):
        collector.script = [400]
        await works(url)
    assert collector.spans == {}
