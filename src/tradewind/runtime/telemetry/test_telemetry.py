"""Logs say what is needed and no secret; spans hang together under the caller's trace."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tradewind.kernel.ids import new_trace_id
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.telemetry import logs, traces
from tradewind.runtime.telemetry.redaction import LONGEST_VALUE, REDACTED


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Everything that is logged, read back from JSON."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logs.configure("INFO")
    structlog.configure(cache_logger_on_first_use=False)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.reset_defaults()


def test_a_line_is_json_with_its_level_its_time_and_what_it_is_about(lines: Any) -> None:
    structlog.get_logger().info("saga moved", orderId="o1", traceId="t1", userId="u1", eventType="e1")
    [line] = lines()
    assert line.pop("at").endswith("Z")
    assert UUID(line.pop("lineId")).version == 7
    assert line == {
        "event": "saga moved", "level": "info", "orderId": "o1", "traceId": "t1", "userId": "u1", "eventType": "e1",
    }  # fmt: skip


def test_what_is_logged_while_a_call_is_answered_says_whose_it_is_unless_it_is_anothers(lines: Any) -> None:
    actor = Actor(subject="u1", roles=frozenset({"support", "customer"}), tenant="acme")
    call = Call(actor=actor, correlation_id="c1", trace_id="t1")
    outer = logs.present_call.set(call)
    structlog.get_logger().warning("deep below")
    structlog.get_logger().info("another's", traceId="t2")
    logs.present_call.reset(outer)
    structlog.get_logger().info("nobody's")
    own = {"event", "level", "at", "lineId"}
    names = [{key: line[key] for key in line if key not in own} for line in lines()]
    assert names == [
        {"traceId": "t1", "correlationId": "c1", "userId": "u1", "userKind": "customer+support", "tenant": "acme"},
        {"traceId": "t2"},
        {},
    ]


SAYS_ALL = """
import logging, threading, warnings
from tradewind.runtime.telemetry import logs
logs.configure("INFO", "shop/edge")
logging.getLogger("kafka").error("broker %s", "away")
warnings.warn("old")
threading.Thread(target=lambda: logs.log.info("on")).start()
raise ValueError("broken")
"""


def test_a_process_writes_lines_and_nothing_else_whoever_speaks_in_it() -> None:
    done = subprocess.run([sys.executable, "-c", SAYS_ALL], capture_output=True, check=False)
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["process"] for line in said} == {"shop/edge"}
    events = [line["event"] for line in said]
    assert sorted(events[:1] + events[2:]) == ["broker away", "ended", "on"]
    assert "UserWarning: old" in events[1]
    (end,) = [line for line in said if line["event"] == "ended"]
    assert (done.returncode, "ValueError: broken" in end["exception"]) == (1, True)


def test_lines_below_the_level_are_not_written(lines: Any) -> None:
    structlog.get_logger().debug("too much")
    assert lines() == []


@pytest.mark.parametrize(
    "key",
    ["password", "access_token", "accessToken", "refresh-token", "Authorization", "email", "shippingAddress", "phone",
     "name", "card", "card_number", "paymentMethod", "Set-Cookie", "client_secret"],
)  # fmt: skip
def test_what_is_secret_or_says_who_somebody_is_never_reaches_a_line(lines: Any, key: str) -> None:
    nested = {"order": [{"buyer": {key: "CANARY", "id": 7}}], "many": ({key: ["CANARY"]},)}
    structlog.get_logger().warning("a leak", **{key: "CANARY"}, **nested)
    [line] = lines()
    assert "CANARY" not in json.dumps(line)
    assert line[key] == REDACTED
    assert line["order"][0]["buyer"]["id"] == 7


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("ada@example.com was refused", "[redacted] was refused"),
        ("no answer from postgresql://shop:CANARY@db:5432/x", "no answer from postgresql://[redacted]@db:5432/x"),
        ("sent Authorization: Bearer CANARY.CANARY", "sent Authorization: Bearer [redacted]"),
        ("token eyJhbGciOi.CANARY.CANARY is over", "token [redacted] is over"),
        ("broken\nDETAIL:  Key (login)=(CANARY) exists.\nnext", "broken\nDETAIL: [redacted]\nnext"),
        ("paid with 4111 1111 1111 1111", "[redacted]"),
        ("order 01a1fc34-1cad-7173-9992-f0d92fae6dba of place_order@2", None),
    ],
)  # fmt: skip
def test_what_is_secret_is_left_out_of_whatever_is_said(lines: Any, said: str, line: str | None) -> None:
    class Thing:
        def __str__(self) -> str:
            return said

    try:
        raise ValueError(said)
    except ValueError:
        structlog.get_logger().exception(said, error=said, within=[{"why": said}], thing=Thing())
    [found] = lines()
    assert "CANARY" not in json.dumps(found)
    wanted = said if line is None else line
    assert (found["event"], found["error"], found["within"], found["thing"]) == (
        wanted, wanted, [{"why": wanted}], wanted,
    )  # fmt: skip
    assert ("ValueError: " in found["exception"]) == (wanted != REDACTED)


def test_a_value_that_is_too_long_keeps_its_beginning_and_its_end(lines: Any) -> None:
    structlog.get_logger().info("much", error=f"begin{'x' * 1_000_000}end")
    [line] = lines()
    assert len(line["error"]) <= LONGEST_VALUE + 3
    assert (line["error"][:6], line["error"][-4:]) == ("beginx", "xend")


def test_no_two_lines_have_one_id(lines: Any) -> None:
    for _ in range(1_000):
        structlog.get_logger().info("again")
    assert len({line["lineId"] for line in lines()}) == 1_000


def test_an_error_is_written_with_its_traceback(lines: Any) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("it broke")
    [line] = lines()
    assert "ValueError: broken" in line["exception"]
    assert logging.getLevelName(line["level"].upper()) == logging.ERROR


def test_who_cannot_be_heard_goes_on() -> None:
    say = "from tradewind.runtime.telemetry.logs import *; configure(); log.warning('full'); log.info('on'); print(1)"
    with Path("/dev/full").open("w") as full:
        said = subprocess.run([sys.executable, "-c", say], stdout=subprocess.PIPE, stderr=full, check=False)
    assert said.stdout == b"1\n"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What is recorded, instead of a collector."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(traces, "_recording", False)
    monkeypatch.setattr(traces, "_tracer", traces._tracer)
    traces.record_with(provider)
    return exporter


def test_spans_are_children_under_the_trace_of_the_call(spans: InMemorySpanExporter) -> None:
    trace_id = new_trace_id()
    with traces.span("outer", trace_id, step="one"), traces.span("inner", trace_id):
        pass
    inner, outer = spans.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in (inner, outer) if span.context} == {trace_id}
    assert inner.parent is not None
    assert outer.context is not None
    assert inner.parent.span_id == outer.context.span_id
    assert dict(outer.attributes or {}) == {"step": "one"}


def test_a_line_says_in_which_span_it_was_written(spans: InMemorySpanExporter, lines: Any) -> None:
    trace_id = new_trace_id()
    outer = logs.present_call.set(Call(actor=Actor(subject="u1"), correlation_id="c1", trace_id=trace_id))
    with traces.span("work", trace_id):
        structlog.get_logger().info("within")
    logs.present_call.reset(outer)
    structlog.get_logger().info("after")
    within, after = lines()
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert (within["traceId"], within["spanId"], within["userId"]) == (trace_id, f"{span.context.span_id:016x}", "u1")
    assert "spanId" not in after


def test_work_that_served_many_traces_is_a_span_of_each(spans: InMemorySpanExporter) -> None:
    began_ns, one, other = traces.began_ns(), new_trace_id(), new_trace_id()
    with traces.span("the work of both", new_trace_id()):
        for trace_id in (one, other):
            traces.mark("hear", trace_id, began_ns, kind=trace.SpanKind.CONSUMER, key="k")
    first, second, _ = spans.get_finished_spans()
    assert [f"{span.context.trace_id:032x}" for span in (first, second) if span.context] == [one, other]
    assert first.start_time is not None
    assert first.end_time is not None
    assert began_ns // 1_000 == first.start_time // 1_000 <= first.end_time // 1_000
    assert dict(first.attributes or {}) == {"key": "k"}


def test_a_span_that_nobody_records_has_an_id_for_the_log_alone(lines: Any) -> None:
    log = structlog.get_logger()
    with traces.span("unheard", "t1"):
        assert not trace.get_current_span().get_span_context().is_valid
        log.info("outer", traceId="t1")
        with traces.span("inner", "t1"):
            log.info("inner", traceId="t1")
            log.info("of another trace", traceId="t2")
        log.info("outer again")
    log.info("outside")
    outer, inner, another, again, outside = lines()
    assert len(outer["spanId"]) == len(inner["spanId"]) == 16
    assert int(outer["spanId"], 16) != int(inner["spanId"], 16)
    assert again["spanId"] == outer["spanId"]
    assert "spanId" not in {*another, *outside}


def test_a_line_that_is_about_another_trace_does_not_say_that_it_is_in_this_span(
    spans: InMemorySpanExporter, lines: Any
) -> None:
    trace_id = new_trace_id()
    with traces.span("work", trace_id):
        structlog.get_logger().info("ours", traceId=trace_id)
        structlog.get_logger().info("another's", traceId=new_trace_id())
    ours, another = lines()
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert ours["spanId"] == f"{span.context.span_id:016x}"
    assert "spanId" not in another


def test_work_that_is_marked_says_by_which_id(spans: InMemorySpanExporter) -> None:
    marked = traces.mark("hear", new_trace_id(), traces.began_ns(), kind=trace.SpanKind.CONSUMER)
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert marked == f"{span.context.span_id:016x}"
