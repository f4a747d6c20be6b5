"""Structured JSON logs, an object a line: lineId, at, level, event, process.

Where they are known: traceId, spanId, correlationId, who acts (userId, userKind), for which tenant, orderId, eventType.
Never personal data.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Call
from tradewind.runtime.telemetry.log_files import Both, LogFiles
from tradewind.runtime.telemetry.lossy import Lossy
from tradewind.runtime.telemetry.redaction import clean, text_of
from tradewind.runtime.telemetry.traces import present_span_id

log: Any = structlog.get_logger("tradewind")
present_call: ContextVar[Call | None] = ContextVar("present_call", default=None)
"""The call that is answered here and now: what is logged meanwhile, however deep, says whose it is."""


def configure(level: str = "INFO", process: str = "", folder: Path | None = None) -> None:
    """Write JSON lines to standard error, from `level` on, and into files of `folder`; where they cannot be written
    they are lost.

    `process`: who says so, for processes that write to one stream. What libraries warn of and what ends the process
    are lines then, too: whoever reads the stream finds nothing else in it.
    """
    stream = cast(TextIO, Lossy(sys.stderr))
    structlog.configure(
        processors=processors(process),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(
            cast(TextIO, Both(stream, LogFiles(folder, process))) if folder else stream
        ),
        cache_logger_on_first_use=True,
    )
    if process:
        logging.basicConfig(handlers=[_Lines()], level=logging.WARNING, force=True)
        logging.captureWarnings(True)
        sys.excepthook = _say_the_end


def processors(process: str = "") -> list[Any]:
    """From what is said to the text of a line."""
    return [
        say_whose,
        *([_by(process)] if process else []),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        redact,
        number,
        structlog.processors.JSONRenderer(default=text_of),
    ]


def _by(process: str) -> Any:
    """Says in each line who writes it, whichever thread that is."""
    return lambda _logger, _method, line: {**line, "process": process}


class _Lines(logging.Handler):
    """What libraries log by Python's own means, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _say_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("ended", error=repr(error), exc_info=(kind, error, trace))


@contextmanager
def on_behalf_of(call: Call) -> Iterator[None]:
    """What is logged within says whose call it is about."""
    outer = present_call.get()
    present_call.set(call)
    try:
        yield
    finally:
        present_call.set(outer)


def names_of(call: Call) -> dict[str, str]:
    """What a line says of a call: its trace, and who acts by an id and roles, never by a name."""
    return {
        "traceId": call.trace_id,
        "correlationId": call.correlation_id,
        "tenant": call.actor.tenant,
        "userId": call.actor.subject,
        "userKind": call.actor.kind,
    }


def say_whose(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the present call's names to a line that has none of its own, and the present span."""
    call = present_call.get()
    if call is not None and line.get("traceId", call.trace_id) == call.trace_id:
        line = {**names_of(call), **line}
    if "spanId" not in line and (span_id := present_span_id(line.get("traceId"))):
        line["spanId"] = span_id
    return line


def redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    """Blank what may be a secret or say who somebody is."""
    return clean(line)


def number(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Give the line an id of its own: shipped twice it is still one line."""
    line["lineId"] = str(new_id())
    return line
