"""OpenTelemetry spans, recorded where OTEL_EXPORTER_OTLP_ENDPOINT names a collector.

Elsewhere they cost next to nothing: they have an id for the log as soon as somebody asks for it.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_span_id

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


class _Unrecorded:
    """A span that nobody records: its id tells the lines of one piece of work from those of another."""

    __slots__ = ("_outer", "id", "trace_id")

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id
        self.id: str | None = None

    def __enter__(self) -> None:
        self._outer = _unrecorded.get()
        _unrecorded.set(self)

    def __exit__(self, *_: object) -> None:
        _unrecorded.set(self._outer)


_unrecorded: ContextVar[_Unrecorded | None] = ContextVar("unrecorded", default=None)


def span(
    name: str, trace_id: str, *, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int
) -> AbstractContextManager[None]:
    """A span of the trace `trace_id` (32 hexadecimal digits), a child of the present span where there is one."""
    return _recorded(name, trace_id, kind, attributes) if _recording else _Unrecorded(trace_id)


def mark(name: str, trace_id: str, began_ns: int, *, kind: SpanKind, **attributes: str | int) -> str:
    """A span of the trace `trace_id` that is over now, and `began_ns` (nanoseconds since 1970): for work that served
    many traces at once. Its id."""
    if not _recording:
        return new_span_id()
    parent = trace.set_span_in_context(NonRecordingSpan(_remote(trace_id)))
    marked = _tracer.start_span(name, context=parent, kind=kind, attributes=attributes, start_time=began_ns)
    marked.end()
    return f"{marked.get_span_context().span_id:016x}"


def began_ns() -> int:
    """When work begins that is to be marked; nothing where nobody records."""
    return int(now().timestamp() * 1_000_000_000) if _recording else 0


def note(**attributes: str | int) -> None:
    """Add to what the present span says."""
    if _recording:
        trace.get_current_span().set_attributes(attributes)


def present_span_id(trace_id: str | None = None) -> str | None:
    """The present span's id, 16 hexadecimal digits, recorded or not; None outside of all, or where it is none of the
    trace that is named: many traces are served at once."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        return f"{context.span_id:016x}" if trace_id in (None, f"{context.trace_id:032x}") else None
    present = _unrecorded.get()
    if present is None or trace_id not in (None, present.trace_id):
        return None
    present.id = present.id or new_span_id()
    return present.id


def _remote(trace_id: str) -> SpanContext:
    """Somebody else's span in the trace, whose id is not known here."""
    return SpanContext(int(trace_id, 16), int(new_span_id(), 16), True, TraceFlags(TraceFlags.SAMPLED))


@contextmanager
def _recorded(name: str, trace_id: str, kind: SpanKind, attributes: Mapping[str, str | int]) -> Iterator[None]:
    parent = None
    if not trace.get_current_span().get_span_context().is_valid:
        parent = trace.set_span_in_context(NonRecordingSpan(_remote(trace_id)))
    with _tracer.start_as_current_span(name, context=parent, kind=kind, attributes=attributes):
        yield
