"""OpenTelemetry spans, recorded where OTEL_EXPORTER_OTLP_ENDPOINT names a collector; they cost nothing elsewhere."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_trace_id

_recording = False


def configure(service: str) -> None:
    """Export spans of `service` over OTLP where the environment names a collector."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    record_with(provider)


def record_with(provider: trace.TracerProvider) -> None:
    """Record spans through `provider` from now on."""
    global _recording, _tracer
    _recording, _tracer = True, provider.get_tracer("tradewind")


_tracer = trace.get_tracer("tradewind")


_nothing = nullcontext()


def span(
    name: str, trace_id: str, *, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int
) -> AbstractContextManager[None]:
    """A span of the trace `trace_id` (32 hexadecimal digits), a child of the present span where there is one."""
    return _recorded(name, trace_id, kind, attributes) if _recording else _nothing


def mark(name: str, trace_id: str, began_ns: int, *, kind: SpanKind, **attributes: str | int) -> None:
    """A span of the trace `trace_id` that is over now, and `began_ns` (nanoseconds since 1970): for work that served
    many traces at once."""
    if not _recording:
        return
    parent = trace.set_span_in_context(NonRecordingSpan(_remote(trace_id)))
    _tracer.start_span(name, context=parent, kind=kind, attributes=attributes, start_time=began_ns).end()


def began_ns() -> int:
    """When work begins that is to be marked; nothing where nobody records."""
    return int(now().timestamp() * 1_000_000_000) if _recording else 0


def note(**attributes: str | int) -> None:
    """Add to what the present span says."""
    if _recording:
        trace.get_current_span().set_attributes(attributes)


def present_span_id() -> str | None:
    """The present span's id, 16 hexadecimal digits, where one is recorded."""
    context = trace.get_current_span().get_span_context()
    return f"{context.span_id:016x}" if context.is_valid else None


def _remote(trace_id: str) -> SpanContext:
    """Somebody else's span in the trace, whose id is not known here."""
    return SpanContext(int(trace_id, 16), int(new_trace_id()[:16], 16), True, TraceFlags(TraceFlags.SAMPLED))


@contextmanager
def _recorded(name: str, trace_id: str, kind: SpanKind, attributes: Mapping[str, str | int]) -> Iterator[None]:
    parent = None
    if not trace.get_current_span().get_span_context().is_valid:
        parent = trace.set_span_in_context(NonRecordingSpan(_remote(trace_id)))
    with _tracer.start_as_current_span(name, context=parent, kind=kind, attributes=attributes):
        yield
