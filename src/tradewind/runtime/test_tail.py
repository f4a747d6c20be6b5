"""The tail: every process hears everything from its start on, in order; and it knows when it does not."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Final

import asyncpg
import pytest

from tests.counters import COUNT, Counted, add, count, count_once, on_behalf, versions
from tradewind.contracts.messages import Event
from tradewind.runtime import tail as tail_module
from tradewind.runtime.database import Database
from tradewind.runtime.subscriptions import Here, Listener, listener
from tradewind.runtime.tail import Tail
from tradewind.runtime.test_reading import EACH, KEYS, WRITERS, write
from tradewind.runtime.wake import Bell

TAILS: Final = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'tradewind tail' AND datname = current_database()"
)
TERMINATE: Final = "SELECT pg_terminate_backend($1, 5000)"
FORGET: Final = "DELETE FROM runtime.outbox"
FORGET_NEWEST: Final = "DELETE FROM runtime.outbox WHERE position > $1"
POSITION: Final = "SELECT max(position) FROM runtime.outbox"


class Notes:
    """What was heard here."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.resets = 0


@listener
def on_counted(event: Counted, here: Here) -> None:
    """Write down what was heard."""
    here.peer(Notes).heard.append((event.name, event.version))


def start_over(here: Here) -> None:
    here.peer(Notes).resets += 1


@listener(reset=start_over)
def on_counted_with_reset(event: Counted, here: Here) -> None:
    """Write down what was heard, and count how often it had to be forgotten."""
    here.peer(Notes).heard.append((event.name, event.version))


@asynccontextmanager
async def a_tail(bell: Bell, url: str, *listeners: Listener) -> AsyncIterator[tuple[Tail, Notes]]:
    notes = Notes()
    async with Tail(url, bell, listeners or [on_counted], {Notes: notes}) as tail:
        yield tail, notes


async def tails(db: Database, but: frozenset[int] = frozenset()) -> frozenset[int]:
    return frozenset(row["pid"] for row in await db.pool.fetch(TAILS)) - but


async def caught_up(tail: Tail) -> None:
    async with asyncio.timeout(20):
        await tail.caught_up()


async def until_stale(tail: Tail) -> None:
    async with asyncio.timeout(20):
        while tail.fresh:  # noqa: ASYNC110 -- nobody tells: it is the passing of time
            await asyncio.sleep(0.02)


async def test_events_of_late_and_concurrent_commits_are_all_heard_in_order(db: Database, bell: Bell, url: str) -> None:
    await add(db, *KEYS)
    async with a_tail(bell, url) as (tail, notes):
        async with asyncio.TaskGroup() as writers:
            for n in range(WRITERS):
                writers.create_task(write(db, random.Random(n)))
        await caught_up(tail)
        told = await versions(db)
    assert sum(told.values()) > EACH
    for key in KEYS:
        assert [version for name, version in notes.heard if name == key] == list(range(1, told[key] + 1))


async def test_what_was_told_before_the_start_is_not_heard_and_what_was_under_way_is(
    db: Database, bell: Bell, url: str
) -> None:
    await add(db, "a", "b")
    await count_once(db, "a")
    async with db.transaction(on_behalf()) as older:
        await older.value(COUNT, "b")
        async with a_tail(bell, url) as (tail, notes):
            await count_once(db, "a")
            assert not notes.heard
            older.tell(Counted(name="b", version=1))
            await older.finish()
            await older.connection.execute("COMMIT")
            await caught_up(tail)
            await older.connection.execute("BEGIN")
    assert notes.heard[-2:] in ([("a", 2), ("b", 1)], [("b", 1), ("a", 2)])


async def test_one_that_breaks_forgets_what_it_keeps_and_holds_nobody_up(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a")

    def hear(event: Counted, here: Here) -> None:
        raise ValueError(event.version)

    breaks = Listener("breaks", (Counted,), hear, start_over)
    async with a_tail(bell, url, breaks, on_counted) as (tail, notes):
        await count_once(db, "a")
        await count_once(db, "a")
        await caught_up(tail)
    assert notes.heard == [("a", 1), ("a", 2)]
    assert notes.resets == 2


async def test_after_a_lost_connection_it_carries_on_where_it_stood(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a")
    others = await tails(db)
    async with a_tail(bell, url, on_counted_with_reset) as (tail, notes):
        await count_once(db, "a")
        await caught_up(tail)
        [pid] = await tails(db, but=others)
        assert await db.pool.fetchval(TERMINATE, pid)
        for _ in range(3):
            await count_once(db, "a")
        await caught_up(tail)
    assert notes.heard == [("a", n) for n in (1, 2, 3, 4)]
    assert notes.resets == 0


async def test_after_a_gap_that_the_log_no_longer_has_everything_kept_is_forgotten(
    db: Database, bell: Bell, url: str
) -> None:
    await add(db, "a")
    others = await tails(db)
    async with a_tail(bell, url, on_counted_with_reset) as (tail, notes):
        await count_once(db, "a")
        await caught_up(tail)
        [pid] = await tails(db, but=others)
        assert await db.pool.fetchval(TERMINATE, pid)
        await db.pool.execute(FORGET)
        await count_once(db, "a")
        await caught_up(tail)
        assert notes.resets == 1
        await count_once(db, "a")
        await caught_up(tail)
    assert notes.heard[-1] == ("a", 3)


async def test_a_log_that_was_put_back_to_an_earlier_day_makes_everything_kept_forgotten(
    db: Database, bell: Bell, url: str
) -> None:
    await add(db, "a")
    await count_once(db, "a")
    first = await db.pool.fetchval(POSITION)
    async with a_tail(bell, url, on_counted_with_reset) as (tail, notes):
        await count_once(db, "a")
        await caught_up(tail)
        await db.pool.execute(FORGET_NEWEST, first)
        await caught_up(tail)
    assert notes.resets == 1


async def test_it_is_fresh_when_it_has_heard_everything_and_not_when_the_database_is_away(
    db: Database, bell: Bell, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = await tails(db)
    away = False
    connect = asyncpg.connect

    async def connects(*args: Any, **settings: Any) -> Any:
        if away:
            raise ConnectionRefusedError
        return await connect(*args, **settings)

    async with a_tail(bell, url) as (tail, _):
        await caught_up(tail)
        assert tail.fresh
        assert tail.fresh_within(60)
        monkeypatch.setattr(asyncpg, "connect", connects)
        away = True
        [pid] = await tails(db, but=others)
        assert await db.pool.fetchval(TERMINATE, pid)
        await until_stale(tail)
        away = False
        await caught_up(tail)
        assert tail.fresh


async def test_it_is_not_fresh_while_an_old_transaction_hides_what_was_committed(
    db: Database, bell: Bell, url: str
) -> None:
    await add(db, "a", "b")
    async with a_tail(bell, url) as (tail, notes):
        async with db.transaction(on_behalf()) as older:
            await older.value(COUNT, "b")
            await count_once(db, "a")
            await until_stale(tail)
            assert notes.heard == []
        await caught_up(tail)
        assert notes.heard == [("a", 1)]
        assert tail.fresh


async def test_it_is_confirmed_while_others_never_stop_writing(db: Database, bell: Bell, url: str) -> None:
    """There is always something newer; what counts is that the old has been heard."""
    await add(db, *KEYS)
    async with a_tail(bell, url) as (tail, notes):
        writers = [asyncio.create_task(write(db, random.Random(n))) for n in range(WRITERS)]
        await caught_up(tail)
        await asyncio.gather(*writers)
        await caught_up(tail)
        assert len(notes.heard) == sum((await versions(db)).values())


class Unheard(Event, frozen=True):
    """No listener hears this."""

    TYPE = "test.runtime.unheard.happened.v1"
    KEY: ClassVar[str] = "name"
    name: str


async def test_who_waits_for_an_event_hears_it_although_no_listener_does(db: Database, bell: Bell, url: str) -> None:
    async with a_tail(bell, url) as (tail, notes):
        with tail.hearing(Unheard) as queue:
            async with db.transaction(on_behalf()) as tx:
                tx.tell(Unheard(name="x"))
            async with asyncio.timeout(20):
                assert await queue.get() == Unheard(name="x")
    assert notes.heard == []


async def test_who_waits_and_does_not_look_keeps_the_newest(
    db: Database, bell: Bell, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "QUEUE", 2)
    await add(db, "a")
    async with a_tail(bell, url) as (tail, _):
        with tail.hearing(Counted) as queue:
            async with db.transaction(on_behalf()) as tx:
                for _ in range(3):
                    await count(tx, "a")
            await caught_up(tail)
            assert [queue.get_nowait().version for _ in range(2)] == [2, 3]  # type: ignore[attr-defined]
            assert queue.empty()


def test_a_listener_is_registered_by_its_annotation() -> None:
    assert on_counted.events == (Counted,)
    assert on_counted.name.endswith(".on_counted")
    assert on_counted.reset is None
    assert on_counted_with_reset.reset is start_over
