"""Structured JSON logs: orderId, traceId, userId and eventType where they are known; never personal data."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO, cast

import structlog

from tradewind.runtime.telemetry.lossy import Lossy

log: Any = structlog.get_logger("tradewind")
SECRET_KEYS = frozenset(
    """password token accesstoken refreshtoken idtoken authorization cookie setcookie secret clientsecret apikey
    email address shippingaddress billingaddress phone name fullname card cardnumber cvc iban paymentmethod""".split()
)
"""Keys whose values never reach a log line, at any depth; in small letters, without `_` and `-`."""
REDACTED = "[redacted]"


def configure(level: str = "INFO") -> None:
    """Write JSON lines to standard error, from `level` on; where it cannot take them they are lost."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Lossy(sys.stderr))),
        cache_logger_on_first_use=True,
    )


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
