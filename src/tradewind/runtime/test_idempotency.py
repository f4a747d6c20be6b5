"""Idempotency keys: one effect a key, however often and wherever it is asked for; and failure burns nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from msgspec.structs import replace

from tests.counters import add, on_behalf, versions
from tests.counting import Counting, CountUp, NoMore, open_counting
from tradewind.kernel import clock
from tradewind.runtime import idempotency, pool
from tradewind.runtime.batching import Lane
from tradewind.runtime.call import Call
from tradewind.runtime.database import Database
from tradewind.runtime.idempotency import InFlight, KeyReused

EXPIRE: Final = "UPDATE runtime.idempotency SET expires_at = now()"
HOLD: Final = """
    INSERT INTO runtime.idempotency VALUES ($1, 'somebody else is at it', '0', now() + interval '1 day')
"""
COUNT_KEYS: Final = "SELECT count(*) FROM runtime.idempotency"
MANY = 500


def keyed(key: str = "k", *, who: str = "system:test", tenant: str = "default", route: str = "test") -> Call:
    call = on_behalf()
    actor = replace(call.actor, subject=who, tenant=tenant)
    return replace(call, actor=actor, idempotency_key=key, route=route)


@asynccontextmanager
async def started(db: Database, counting: Counting | None = None) -> AsyncIterator[Lane]:
    lane = (counting or open_counting()).lane(db)
    lane.start()
    yield lane
    await lane.stop()


async def test_many_at_once_with_one_key_count_once_and_get_one_answer(db: Database) -> None:
    await add(db, "a")
    async with started(db) as one, started(db) as other:
        lanes = (one, other)
        puts = (lanes[n % 2].put(CountUp(name="a"), keyed()) for n in range(MANY))
        assert await asyncio.gather(*puts) == [1] * MANY
    assert await versions(db) == {"a": 1}


async def test_without_the_lock_on_the_key_many_count_many_times(db: Database, plant: Callable[[str], None]) -> None:
    plant("key_without_lock")
    await add(db, "a")
    async with started(db) as lane:
        answers = await asyncio.gather(*(lane.put(CountUp(name="a"), keyed()) for _ in range(MANY)))
    assert len(set(answers)) == (await versions(db))["a"] == MANY


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_another_body_under_a_used_key_is_refused(db: Database, elsewhere: bool) -> None:
    await add(db, "a", "b")
    async with started(db) as one, started(db) as other:
        assert await one.put(CountUp(name="a"), keyed()) == 1
        with pytest.raises(KeyReused):
            await (other if elsewhere else one).put(CountUp(name="b"), keyed())
    assert await versions(db) == {"a": 1, "b": 0}


async def test_of_two_bodies_at_once_under_one_key_one_is_refused(db: Database) -> None:
    await add(db, "a", "b")
    async with started(db) as lane:
        puts = (lane.put(CountUp(name=name), keyed()) for name in "ab")
        first, second = await asyncio.gather(*puts, return_exceptions=True)
    assert first == 1
    assert isinstance(second, KeyReused)
    assert await versions(db) == {"a": 1, "b": 0}


async def test_a_key_is_its_owners_on_one_route(db: Database) -> None:
    await add(db, "a")
    async with started(db) as lane:
        calls = (keyed(), keyed(who="another"), keyed(tenant="another"), keyed(route="another"), keyed("another"))
        assert [await lane.put(CountUp(name="a"), call) for call in calls] == [1, 2, 3, 4, 5]


async def test_a_failed_try_does_not_burn_its_key(db: Database) -> None:
    await add(db, "a")
    async with started(db) as lane:
        for instead, error in (("refuse", NoMore), ("raise", ValueError)):
            with pytest.raises(error):
                await lane.put(CountUp(name="a", instead=instead), keyed())
        assert await db.pool.fetchval(COUNT_KEYS) == 0
        assert await lane.put(CountUp(name="a"), keyed()) == 1


async def test_those_who_ask_at_once_share_a_refusal_too(db: Database) -> None:
    counting = open_counting()
    async with started(db, counting) as lane:
        puts = (lane.put(CountUp(name="a", instead="refuse"), keyed()) for _ in range(MANY))
        answers = await asyncio.gather(*puts, return_exceptions=True)
    assert {type(answer) for answer in answers} == {NoMore}
    assert [len(batch) for batch in counting.batches] == [1]


async def test_a_used_key_is_answered_from_the_record_and_its_neighbours_go_together(db: Database) -> None:
    await add(db, "a", "b", "c")
    async with started(db) as elsewhere:
        assert await elsewhere.put(CountUp(name="a"), keyed("old")) == 1
        with pytest.raises(KeyReused):
            await elsewhere.put(CountUp(name="b"), keyed("old"))
    counting = open_counting()
    async with started(db, counting) as lane:
        answers: Any = await asyncio.gather(
            lane.put(CountUp(name="b"), keyed("new")),
            lane.put(CountUp(name="a"), keyed("old")),
            lane.put(CountUp(name="c"), on_behalf()),
        )
    assert list(answers) == [1, 1, 1]
    assert counting.batches == [["b", "a", "c"], ["b", "c"]]
    assert await versions(db) == {"a": 1, "b": 1, "c": 1}


async def test_an_expired_key_is_fresh(db: Database) -> None:
    await add(db, "a")
    async with started(db) as one, started(db) as other:
        assert await one.put(CountUp(name="a"), keyed()) == 1
        await db.pool.execute(EXPIRE)
        assert await other.put(CountUp(name="a"), keyed()) == 2
    assert await db.pool.fetchval(COUNT_KEYS) == 1


async def test_memory_never_outlives_the_record(db: Database) -> None:
    await add(db, "a")
    async with started(db) as lane:
        assert await lane.put(CountUp(name="a"), keyed()) == 1
        await db.pool.execute(EXPIRE)
        assert await lane.put(CountUp(name="a"), keyed()) == 1, "within a day it is remembered"

        with clock.held(clock.now() + timedelta(hours=24)):
            assert await lane.put(CountUp(name="a"), keyed()) == 2


async def test_the_newest_answers_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MAX_RECENT", 2)
    recent = idempotency.Recent()
    claims = [idempotency.Claim(scope, "body", "ada") for scope in "abc"]
    recent.keep([(claim, claim.scope) for claim in claims])
    assert [known and known.answer for known in map(recent.get, "abc")] == [None, "b", "c"]


async def test_purging_forgets_expired_keys_only(db: Database) -> None:
    await add(db, "a")
    async with started(db) as lane:
        await lane.put(CountUp(name="a"), keyed("old"))
        await db.pool.execute(EXPIRE)
        await lane.put(CountUp(name="a"), keyed("new"))
    async with db.transaction(on_behalf()) as tx:
        assert await idempotency.purge(tx) == 1
        assert await idempotency.purge(tx) == 0
    assert await db.pool.fetchval(COUNT_KEYS) == 1


async def test_a_key_in_flight_elsewhere_is_answered_so(
    db: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LOCK_TIMEOUT", "100ms")
    await add(db, "a", "b")
    claim = idempotency.claim(CountUp(name="a"), keyed())
    assert claim is not None
    hasty = await Database.open(url, {}, db.policy)
    async with db.pool.acquire() as holder, started(hasty) as lane:
        held = holder.transaction()
        await held.start()
        await holder.execute(HOLD, claim.scope)
        answers: Any = await asyncio.gather(
            lane.put(CountUp(name="a"), keyed()), lane.put(CountUp(name="b"), on_behalf()), return_exceptions=True
        )
        in_flight, neighbour = answers
        assert isinstance(in_flight, InFlight)
        assert in_flight.retry_after_s >= 1
        assert neighbour == 1
        with pytest.raises(InFlight):
            await lane.put(CountUp(name="a"), keyed())
        await held.rollback()
        assert await lane.put(CountUp(name="a"), keyed()) == 1, "nothing was burnt"
    await hasty.close()


async def test_who_waits_for_another_process_gets_its_answer(db: Database) -> None:
    """The second is inside its own transaction when the first one's commit breaks it."""
    await add(db, "a")
    first, second = open_counting(), Counting()
    async with started(db, first) as one, started(db, second) as other:
        late = asyncio.create_task(other.put(CountUp(name="a"), keyed()))
        await second.begun.acquire()
        assert await one.put(CountUp(name="a"), keyed()) == 1
        second.gate.set()
        assert await late == 1
    assert await versions(db) == {"a": 1}
