"""Spans on their way to a collector that speaks OTLP: they arrive as they were, and it holds nobody up."""

import asyncio
import os
import sys
from typing import Final

import pytest

from tests.collectors import a_collector
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
