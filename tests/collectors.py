"""A collector of spans that speaks OTLP over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.listening import listening


class Collector:
    """What was exported, by the name of the span; `script` holds the statuses of the next answers."""

    def __init__(self) -> None:
        self.spans: dict[str, Any] = {}
        self.services: set[str] = set()
        self.told: list[tuple[str, Any]] = []
        """Each span, with the name of the process that it comes from."""
        self.script: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        """One export."""
        if self.script:
            return web.Response(status=self.script.pop(0))
        for told in ExportTraceServiceRequest.FromString(await request.read()).resource_spans:
            (service,) = (one.value.string_value for one in told.resource.attributes if one.key == "service.name")
            spans = [span for scope in told.scope_spans for span in scope.spans]
            self.services.add(service)
            self.spans |= {span.name: span for span in spans}
            self.told += [(service, span) for span in spans]
        return web.Response()


@asynccontextmanager
async def a_collector() -> AsyncIterator[tuple[Collector, str]]:
    """One that listens, and where."""
    found, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", found.take)
    async with listening(app) as url:
        yield found, url


def as_spans_arrive(endpoint: str) -> dict[str, str]:
    """Settings of a process that exports its spans to `endpoint` as soon as they are over."""
    own = {"ENDPOINT": endpoint, "COMPRESSION": "none"}
    return {**{f"OTEL_EXPORTER_OTLP_{name}": value for name, value in own.items()}, "OTEL_BSP_SCHEDULE_DELAY": "50"}
