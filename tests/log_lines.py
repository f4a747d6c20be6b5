"""What modules log, as it would stand in the log of a process named `here`."""

import io
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest
import structlog

from tradewind.runtime.telemetry import logs

ALWAYS: Final = frozenset({"at", "event", "level", "lineId", "process"})
OF_A_CALL: Final = frozenset({"traceId", "correlationId", "tenant", "userId", "userKind"})
Line = dict[str, Any]


def listening_to(monkeypatch: pytest.MonkeyPatch, *modules: object) -> Callable[[], list[Line]]:
    """Everything that these log from now on, from debug on."""
    written = io.StringIO()
    log = structlog.wrap_logger(
        structlog.WriteLogger(written),
        processors=logs.processors("here"),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )
    for module in modules:
        monkeypatch.setattr(module, "log", log)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def named(lines: Iterable[Line], event: str) -> list[Line]:
    """Those that tell of this."""
    return [line for line in lines if line["event"] == event]
