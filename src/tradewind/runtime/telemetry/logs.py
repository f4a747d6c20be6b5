"""Structured JSON logs, an object a line: orderId, traceId, spanId, correlationId, userId, eventType where known;
never personal data.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

from tradewind.runtime.call import Call
from tradewind.runtime.telemetry.lossy import Lossy
from tradewind.runtime.telemetry.traces import present_span_id

log: Any = structlog.get_logger("tradewind")
SECRET_KEYS = frozenset(
    """password token accesstoken refreshtoken idtoken authorization cookie setcookie secret clientsecret apikey
    email address shippingaddress billingaddress phone name fullname card cardnumber cvc iban paymentmethod""".split()
)
"""Keys whose values never reach a log line, at any depth; in small letters, without `_` and `-`."""
REDACTED = "[redacted]"
present_call: ContextVar[Call | None] = ContextVar("present_call", default=None)
"""The call that is answered here and now: what is logged meanwhile, however deep, says whose it is."""


def configure(level: str = "INFO", process: str = "") -> None:
    """Write JSON lines to standard error, from `level` on; where it cannot take them they are lost.

    `process`: who says so, for processes that write to one stream. What libraries warn of and what ends the process
    are lines then, too: whoever reads the stream finds nothing else in it.
    """
    structlog.configure(
        processors=[
            say_whose,
            *([_by(process)] if process else []),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, Lossy(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    if process:
        logging.basicConfig(handlers=[_Lines()], level=logging.WARNING, force=True)
        logging.captureWarnings(True)
        sys.excepthook = _say_the_end


def _by(process: str) -> Any:
    """Says in each line who writes it, whichever thread that is."""
    return lambda _logger, _method, line: {**line, "process": process}


class _Lines(logging.Handler):
    """What libraries log by Python's own means, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _say_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("ended", error=repr(error), exc_info=(kind, error, trace))


def say_whose(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the present call's names to a line that has none of its own, and the present span, where one is recorded."""
    call = present_call.get()
    if span_id := present_span_id():
        line.setdefault("spanId", span_id)
    if call is not None and line.get("traceId", call.trace_id) == call.trace_id:
        names = {"traceId": call.trace_id, "correlationId": call.correlation_id, "userId": call.actor.subject}
        return {**names, **line}
    return line


def redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    """Blank the values of keys that may hold a secret or say who somebody is."""
    return _clean(line)


def _clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: REDACTED if _bare(key) in SECRET_KEYS else _inside(value) for key, value in fields.items()}


def _inside(value: Any) -> Any:
    match value:
        case Mapping():
            return _clean(value)
        case list() | tuple():
            return [_inside(one) for one in value]
        case _:
            return value


def _bare(key: object) -> str:
    return str(key).lower().replace("_", "").replace("-", "")
