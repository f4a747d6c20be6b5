"""What a saga's lines of the log say: whose order, under which trace and span, and that the shop itself acts."""

import pytest

from tests.log_lines import ALWAYS, OF_A_CALL, listening_to, named
from tests.trips import Trips
from tradewind.runtime.saga import settling, stage


async def test_lines_about_a_saga_say_whose_it_is_under_which_trace_and_span(
    trips: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = listening_to(monkeypatch, settling, stage)
    trips.script.update(pay=["breaks"])
    saga = trips.saga()
    [trip] = await trips.begin(saga)
    async with trips.running(saga):
        await trips.until_phase("COMPLETED")
    row = await trips.row(trip)
    whose = {
        "orderId": str(trip), "traceId": row["trace_id"], "correlationId": row["correlation_id"], "tenant": "default",
        "userId": f"system:saga:{saga.name}", "userKind": "system",
    }  # fmt: skip

    (broke,) = named(lines(), "remote call broke")
    assert broke.keys() == ALWAYS | OF_A_CALL | {"orderId", "spanId", "step", "error"}
    assert broke.items() >= {**whose, "level": "error"}.items()

    moved = named(lines(), "saga moved")[-1]
    assert moved.keys() == ALWAYS | OF_A_CALL | {"orderId", "spanId", "saga", "step", "phase", "why"}
    assert moved.items() >= {**whose, "level": "info", "phase": "COMPLETED"}.items()
    assert [len(line["spanId"]) for line in (broke, moved)] == [16, 16]
