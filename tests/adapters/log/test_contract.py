"""Whichever way events are carried: everybody hears everything once, in order per key, whoever fails or dies."""

import asyncio
from collections.abc import Callable

import pytest

from tests.adapters.log.conftest import Carrier
from tests.adapters.log.listening import Listener, count_up
from tests.counters import Counted, add, count, heard, on_behalf
from tradewind.runtime import feeds
from tradewind.runtime.database import Database
from tradewind.runtime.feeds import MAX_ATTEMPTS

DEAD = "SELECT subscriber, type, reason, attempts FROM runtime.dead_letter ORDER BY subscriber, position"
BEHIND = """
    SELECT count(*) FROM runtime.position AS p WHERE p.subscriber = ANY($1::text[]) AND (p.stamp, p.position) <
        (SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1)
"""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(feeds, "backoff_s", lambda _attempt: 0.0)


async def test_everybody_hears_everything_once_and_in_order_per_key(db: Database, carrier: Carrier) -> None:
    await add(db, "a", "b")
    one, other = Listener("one"), Listener("other", together=True)
    await count_up(db, 3)
    async with carrier.carrying(one.subscriber, other.subscriber):
        await asyncio.gather(count_up(db, 20), count_up(db, 20, "b"))
        await asyncio.gather(one.until(43), other.until(43))
    for who in ("one", "other"):
        told = await heard(db, who)
        assert [version for name, version in told if name == "a"] == list(range(1, 24))
        assert [version for name, version in told if name == "b"] == list(range(1, 21))


async def test_what_commits_late_is_not_passed_over(db: Database, carrier: Carrier) -> None:
    await add(db, "late", "a")
    one = Listener("one")
    async with carrier.carrying(one.subscriber):
        async with db.transaction(on_behalf()) as tx:
            await count(tx, "late")
            await tx.flush()  # it has its place in the log by now
            await count_up(db, 5)
        await count_up(db, 5)
        await one.until(11)
    assert sorted(await heard(db, "one")) == [*(("a", n) for n in range(1, 11)), ("late", 1)]


async def tell_and_break(db: Database) -> None:
    """An event that is written, and undone."""
    async with db.transaction(on_behalf()) as tx:
        await count(tx, "a")
        await tx.flush()
        raise ZeroDivisionError


async def test_what_was_undone_is_never_heard(db: Database, carrier: Carrier) -> None:
    await add(db, "a")
    one = Listener("one")
    async with carrier.carrying(one.subscriber):
        with pytest.raises(ZeroDivisionError):
            await tell_and_break(db)
        await count_up(db, 1)
        await one.until(1)
    assert await heard(db, "one") == [("a", 1)]


async def test_who_fails_parks_its_event_and_holds_nobody_up(db: Database, carrier: Carrier) -> None:
    await add(db, "a")
    picky, patient = Listener("picky", lambda event, _: event.version == 2), Listener("patient")
    async with carrier.carrying(picky.subscriber, patient.subscriber):
        await count_up(db, 4)
        await asyncio.gather(picky.until(3), patient.until(4))
    assert await heard(db, "picky") == [("a", 1), ("a", 3), ("a", 4)]
    assert await heard(db, "patient") == [("a", n) for n in (1, 2, 3, 4)]
    [letter] = await db.pool.fetch(DEAD)
    assert tuple(letter) == ("picky", Counted.TYPE, "ValueError('cannot bear 2')", MAX_ATTEMPTS)


@pytest.mark.parametrize("where", ["relay.before_commit", "relay.after_commit"])
async def test_effect_and_place_are_one_commit(
    db: Database, carrier: Carrier, arm: Callable[[dict[str, str]], None], where: str
) -> None:
    await add(db, "a")
    one = Listener("one")
    async with db.transaction(on_behalf()) as tx:
        for _ in range(5):
            await count(tx, "a")
    arm({where: "raise@1"})
    async with carrier.carrying(one.subscriber):
        await one.until(5)
        await count_up(db, 1)
        await one.until(6)
    assert await heard(db, "one") == [("a", n) for n in range(1, 7)]


async def test_who_begins_again_hears_nothing_twice_and_a_newcomer_the_past(db: Database, carrier: Carrier) -> None:
    await add(db, "a")
    old, new = Listener("old"), Listener("new")
    await count_up(db, 5)
    async with carrier.carrying(old.subscriber):
        await old.until(5)
    async with carrier.carrying(old.subscriber, new.subscriber):
        await count_up(db, 1)
        await asyncio.gather(old.until(6), new.until(6))
    assert await heard(db, "old") == await heard(db, "new") == [("a", n) for n in range(1, 7)]
    assert set(old.tries.values()) == {1}


async def test_two_processes_share_the_work_and_do_nothing_twice(db: Database, carrier: Carrier) -> None:
    await add(db, *(f"k{n}" for n in range(12)))
    first, second = Listener("same"), Listener("same")
    async with carrier.carrying(first.subscriber):
        await asyncio.gather(*(count_up(db, 5, f"k{n}") for n in range(12)))
        async with carrier.carrying(second.subscriber):
            await asyncio.gather(*(count_up(db, 5, f"k{n}") for n in range(12)))
            async with asyncio.timeout(120):
                while len(first.committed) + len(second.committed) < 120:  # noqa: ASYNC110 -- two of them
                    await asyncio.sleep(0.05)
    told = await heard(db, "same")
    for n in range(12):
        assert [version for name, version in told if name == f"k{n}"] == list(range(1, 11))


async def test_whoever_has_heard_everything_stands_at_the_end_of_the_log(db: Database, carrier: Carrier) -> None:
    await add(db, "a")
    one = Listener("one")
    async with carrier.carrying(one.subscriber):
        await count_up(db, 5)
        await one.until(5)
        async with asyncio.timeout(60):
            while await db.pool.fetchval(BEHIND, ["one"]):  # noqa: ASYNC110 -- another task moves it
                await asyncio.sleep(0.05)


async def test_effects_carry_the_trace_of_the_call_that_told(db: Database, carrier: Carrier) -> None:
    await add(db, "a")
    one, call = Listener("one"), on_behalf()
    async with carrier.carrying(one.subscriber):
        async with db.transaction(call) as tx:
            await count(tx, "a")
        await one.until(1)
    assert one.traces == [call.trace_id]
