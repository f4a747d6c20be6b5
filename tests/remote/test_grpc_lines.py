"""What lines of the log say of a question over gRPC: which trace and span, and who asks."""

from typing import Any

import grpc
import pytest

from tests.builders import a_product
from tests.log_lines import ALWAYS, OF_A_CALL, listening_to, named
from tests.remote.conftest import Asker
from tests.remote.test_inventory import TRACE, refused, reserve
from tests.shops import Shop
from tradewind.api.grpc import calls
from tradewind.runtime import dispatch

pytestmark = pytest.mark.adapter("grpc")
BREAK = "ALTER TABLE inventory.reservation RENAME TO broken"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    return listening_to(monkeypatch, calls, dispatch)


async def test_lines_about_a_question_say_who_asks_under_which_trace_and_span(
    shop: Shop, ask: Asker, lines: Any
) -> None:
    await a_product(shop, "BOOK")
    await shop.db.pool.execute(BREAK)
    named_so = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "correlation-id": "the-order"}
    failure = await refused(ask("ReserveStock", reserve(), **named_so))
    assert failure.code() is grpc.StatusCode.INTERNAL
    whose = {
        "traceId": TRACE, "correlationId": "the-order", "tenant": "default", "userId": "service:orders",
        "userKind": "warehouse", "process": "here",
    }  # fmt: skip

    command = named(lines(), "command")[-1]
    assert command.keys() == ALWAYS | OF_A_CALL | {"spanId", "command", "outcome"}
    assert command.items() >= {**whose, "level": "debug", "outcome": "bug"}.items()

    (failed,) = named(lines(), "gRPC call failed")
    assert failed.keys() == ALWAYS | OF_A_CALL | {"spanId", "route", "exception"}
    assert failed.items() >= {**whose, "level": "error", "spanId": command["spanId"]}.items()
    assert ask.token is not None
    assert ask.token not in str(lines())
