"""What a subscriber's lines of the log say: which trace, which span, and who acts."""

import sys
from typing import Any

import pytest

from tests.counters import Counted, add, count, on_behalf
from tests.log_lines import ALWAYS, OF_A_CALL, listening_to, named
from tradewind.runtime import feeds
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.feeds import MAX_ATTEMPTS
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.test_relay import Listener, relaying
from tradewind.runtime.wake import Bell


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(feeds, "backoff_s", lambda _attempt: 0.0)
    return listening_to(monkeypatch, feeds, sys.modules[__name__])


async def test_lines_about_an_event_say_which_trace_it_belongs_to_and_who_hears_it(
    db: Database, bell: Bell, url: str, lines: Any
) -> None:
    fine, bad = Listener("fine"), Listener("bad", lambda _, tries: tries < MAX_ATTEMPTS)

    async def speak(event: Counted, tx: Tx) -> None:
        log.info("from within", n=event.version)
        await fine.react(event, tx)

    call = on_behalf()
    await add(db, "a")
    async with db.transaction(call) as tx:
        await count(tx, "a")
    async with relaying(db, bell, url, Subscriber("fine", (Counted,), speak), bad.subscriber):
        await fine.until(1)
        await bad.until(1)
    own = {"traceId": call.trace_id, "correlationId": call.correlation_id, "tenant": "default", "userKind": "system"}

    heard = next(line for line in named(lines(), "event heard") if line["subscriber"] == "fine")
    assert heard.keys() == ALWAYS | OF_A_CALL | {"spanId", "subscriber", "eventType", "key"}
    assert heard.items() >= {**own, "userId": "system:fine", "eventType": Counted.TYPE, "level": "debug"}.items()
    assert len(heard["spanId"]) == 16

    within = named(lines(), "from within")[-1]
    assert within.keys() == ALWAYS | OF_A_CALL | {"spanId", "n"}
    assert within.items() >= {**own, "userId": "system:fine"}.items()

    failed = named(lines(), "event not handled")[-1]
    assert failed.keys() == ALWAYS | OF_A_CALL | {"subscriber", "eventType", "attempt", "error"}
    assert failed.items() >= {**own, "userId": "system:bad", "level": "error"}.items()
    assert failed["attempt"] == MAX_ATTEMPTS - 2, "once with its batch, then by itself"
