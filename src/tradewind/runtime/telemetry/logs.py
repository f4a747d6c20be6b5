"""Structured JSON logs. A line carries orderId, traceId, userId and eventType where they are known; never personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

log: Any = structlog.get_logger("tradewind")
SECRET_KEYS = frozenset(
    ("password", "access_token", "refresh_token", "token", "authorization", "secret", "email", "address", "shippingaddress",
     "shipping_address", "phone", "name", "card", "paymentmethod", "payment_method")
)
"""Keys whose values never reach a log line."""
REDACTED = "[redacted]"


def configure(level: str = "INFO") -> None:
    """Write JSON lines to standard error, from `level` on."""
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    """Blank the values of keys that may hold a secret or say who somebody is."""
    return {key: REDACTED if key.lower() in SECRET_KEYS else value for key, value in line.items()}
