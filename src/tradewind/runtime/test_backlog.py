"""How long events wait: what nobody has carried grows old, and what has been heard is nothing."""

from datetime import datetime
from typing import Final

import pytest
from prometheus_client import REGISTRY

from tests.counters import Counted, add, count_once
from tradewind.contracts.messages import Event
from tradewind.runtime import backlog
from tradewind.runtime.backlog import heard_until, note_waiting
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.relay import REGISTER
from tradewind.runtime.subscriptions import Subscriber

AGE: Final = "UPDATE runtime.outbox SET occurred_at = now() - make_interval(secs => $1)"
HEAR_ALL: Final = """
    UPDATE runtime.position SET (stamp, position) = (
        SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1)
    WHERE subscriber = $1
"""


class Unrelated(Event, frozen=True):
    """Nobody tells this."""

    TYPE = "test.runtime.unrelated.happened.v1"


async def react(_event: Counted, _tx: Tx) -> None:
    """Nobody feeds these."""


SLOW: Final = Subscriber("slow", (Counted,), react)
INDIFFERENT: Final = Subscriber("indifferent", (Unrelated,), react)


async def noted(db: Database, *subscribers: Subscriber) -> float:
    """What the metric says once they were looked at."""
    async with db.transaction(internal_call("test")) as tx:
        assert await note_waiting(subscribers).run(tx) == 0, "there is nothing to do again at once"
    said = REGISTRY.get_sample_value("event_oldest_waiting_seconds")
    assert said is not None
    return said


async def test_what_one_has_yet_to_hear_is_as_old_as_it_says(db: Database) -> None:
    await db.pool.execute(REGISTER, [SLOW.name, INDIFFERENT.name])
    await add(db, "a")
    await count_once(db, "a")
    await db.pool.execute(AGE, 500.0)
    assert 500 <= await noted(db, SLOW, INDIFFERENT) < 5_000
    assert await noted(db, INDIFFERENT) == 0, "it does not wait for what it does not hear"
    await db.pool.execute(HEAR_ALL, SLOW.name)
    assert await noted(db, SLOW, INDIFFERENT) == 0


async def test_who_has_no_place_yet_waits_for_nothing(db: Database) -> None:
    await add(db, "a")
    await count_once(db, "a")
    assert await noted(db, SLOW) == 0


async def heard(db: Database, one: Subscriber) -> datetime | None:
    """Until when it has heard everything, as somebody says who looks from outside."""
    async with db.reading(internal_call("test")) as tx:
        return await heard_until(tx, one)


async def test_everything_is_heard_until_the_oldest_event_that_is_not(db: Database) -> None:
    await add(db, "a")
    await count_once(db, "a")
    told_at: datetime = await db.pool.fetchval("SELECT min(occurred_at) FROM runtime.outbox")
    assert await heard(db, SLOW) == told_at, "who has no place yet has heard nothing"
    later = await heard(db, INDIFFERENT)
    assert later is not None
    assert later > told_at, "it has nothing to hear"
    await db.pool.execute(REGISTER, [SLOW.name])
    assert await heard(db, SLOW) == told_at
    await db.pool.execute(HEAR_ALL, SLOW.name)
    assert (await heard(db, SLOW) or told_at) > told_at


async def test_what_an_open_transaction_may_tell_is_not_heard_before_it_ends(db: Database) -> None:
    async with db.pool.acquire() as connection, connection.transaction():
        began: datetime = await connection.fetchval("SELECT now()")
        assert await heard(db, SLOW) == began
    assert (await heard(db, SLOW) or began) > began


async def test_where_too_much_waits_nothing_is_said(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MOST_WAITING", 2)
    await add(db, "a")
    await count_once(db, "a")
    assert await heard(db, INDIFFERENT) is not None
    await count_once(db, "a")
    assert await heard(db, INDIFFERENT) is None
