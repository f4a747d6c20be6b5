"""The relay: every subscriber hears everything once, in order, whoever fails, crashes or loses the lead."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, LiteralString

import pytest

from tests.counters import HEAR, Counted, add, count, count_once, heard, on_behalf, readable
from tradewind.contracts.messages import Event
from tradewind.runtime import feeds, leading, relay
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.feeds import MAX_ATTEMPTS, Feed
from tradewind.runtime.relay import Relay
from tradewind.runtime.subscriptions import Subscriber, apart, projection, subscriber
from tradewind.runtime.wake import Bell

LEADER: Final = """
    SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid::bigint = $1 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Of this database alone: the relays of other tests lead in theirs, on the same server."""
LOCK: Final = "SELECT hashtext('tradewind.relay')::bigint & 4294967295"
TERMINATE: Final = "SELECT pg_terminate_backend($1, 5000)"
HANG_UP: Final = "SELECT pg_terminate_backend(pg_backend_pid())"
NO_ROOM: Final = "DO $$ BEGIN RAISE disk_full; END $$"
DEAD: Final = "SELECT subscriber, type, reason, attempts FROM runtime.dead_letter ORDER BY subscriber, position"
AT_END: Final = """
    SELECT bool_and((p.stamp, p.position) = (o.stamp, o.position)) FROM runtime.position AS p,
           (SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1) AS o
"""
MAKE_UNKNOWN: Final = "UPDATE runtime.outbox SET type = 'x.y.z.told.v9' WHERE payload ->> 'version' = '2'"
PASSED: Final = """
    SELECT array_agg(o.type ORDER BY o.stamp, o.position) FROM runtime.position AS p, runtime.outbox AS o
    WHERE p.subscriber = 'idle' AND (o.stamp, o.position) <= (p.stamp, p.position)
"""
WRITERS: Final = """
    SELECT who, array_agg(DISTINCT xmin::text::bigint ORDER BY xmin::text::bigint) AS writers
    FROM public.heard GROUP BY who
"""


class Unrelated(Event, frozen=True):
    """Nobody tells this."""

    TYPE = "test.runtime.unrelated.happened.v1"


class Listener:
    """A subscriber that writes down what it hears, and fails where `fails` says so (event, how often it was tried)."""

    def __init__(self, name: str, fails: Callable[[Counted, int], bool] = lambda *_: False) -> None:
        self.name, self.fails = name, fails
        self.tries: dict[int, int] = {}
        self.committed: list[int] = []
        self.subscriber = Subscriber(name, (Counted,), self.react)
        self._more = asyncio.Condition()

    async def react(self, event: Counted, tx: Tx) -> None:
        """Hear, or fail."""
        self.tries[event.version] = self.tries.get(event.version, 0) + 1
        if self.fails(event, self.tries[event.version]):
            raise ValueError(f"cannot bear {event.version}")
        await tx.run(HEAR, self.name, event.name, event.version)
        tx.on_commit.append(lambda: self._note(event.version))

    def _note(self, version: int) -> None:
        self.committed.append(version)
        self._told = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()

    async def until(self, number: int) -> None:
        """Wait until so many were heard and committed."""
        async with asyncio.timeout(50), self._more:
            await self._more.wait_for(lambda: len(self.committed) >= number)


@asynccontextmanager
async def relaying(db: Database, bell: Bell, url: str, *subscribers: Subscriber) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(Relay(db, subscribers, bell, url).run(stop))
    try:
        yield
    finally:
        stop.set()
        bell.ring()
        await running


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(feeds, "backoff_s", lambda _attempt: 0.0)
    monkeypatch.setattr(feeds, "POLL_S", 0.01)
    monkeypatch.setattr(relay, "POLL_S", 0.01)


async def count_up(db: Database, times: int, name: str = "a") -> list[int]:
    return [await count_once(db, name) for _ in range(times)]


async def test_every_subscriber_hears_everything_once_and_in_order(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a", "b")
    one, other = Listener("one"), Listener("other")
    await count_up(db, 3)
    async with relaying(db, bell, url, one.subscriber, other.subscriber):
        await asyncio.gather(count_up(db, 20), count_up(db, 20, "b"))
        await asyncio.gather(one.until(43), other.until(43))
    for who in ("one", "other"):
        told = await heard(db, who)
        assert [version for name, version in told if name == "a"] == list(range(1, 24))
        assert [version for name, version in told if name == "b"] == list(range(1, 21))


async def test_who_fails_parks_its_event_and_holds_nobody_up(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a")
    picky, patient = Listener("picky", lambda event, _: event.version == 2), Listener("patient")
    await count_up(db, 4)
    async with relaying(db, bell, url, picky.subscriber, patient.subscriber):
        await asyncio.gather(picky.until(3), patient.until(4))
    assert await heard(db, "picky") == [("a", 1), ("a", 3), ("a", 4)]
    assert await heard(db, "patient") == [("a", n) for n in (1, 2, 3, 4)]
    [letter] = await db.pool.fetch(DEAD)
    assert tuple(letter) == ("picky", Counted.TYPE, "ValueError('cannot bear 2')", MAX_ATTEMPTS)
    assert picky.tries[2] == 1 + MAX_ATTEMPTS, "once with its batch, then by itself"


async def test_who_fails_for_a_while_hears_it_all_the_same(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a")
    slow = Listener("slow", lambda _, tries: tries < MAX_ATTEMPTS)
    await count_up(db, 3)
    async with relaying(db, bell, url, slow.subscriber):
        await slow.until(3)
    assert await heard(db, "slow") == [("a", 1), ("a", 2), ("a", 3)]
    assert await db.pool.fetch(DEAD) == []


@pytest.mark.parametrize("where", ["relay.before_commit", "relay.after_commit"])
async def test_effect_and_position_are_one_commit(
    db: Database, bell: Bell, url: str, arm: Callable[[dict[str, str]], None], where: str
) -> None:
    await add(db, "a")
    listener = Listener("listener")
    await count_up(db, 5)
    await readable(db, 5)  # so that they come in one batch
    arm({where: "raise@1"})
    async with relaying(db, bell, url, listener.subscriber):
        await listener.until(5)
        await count_up(db, 1)
        await listener.until(6)
    assert await heard(db, "listener") == [("a", n) for n in range(1, 7)]
    assert listener.tries == dict.fromkeys(range(1, 6), 2 if where.endswith("before_commit") else 1) | {6: 1}


@pytest.mark.parametrize("trouble", [HANG_UP, NO_ROOM])
async def test_a_database_that_is_away_or_full_is_no_fault_of_the_event(
    db: Database, bell: Bell, url: str, trouble: LiteralString
) -> None:
    await add(db, "a")
    listener = Listener("listener")
    lost = 0

    async def react(event: Counted, tx: Tx) -> None:
        nonlocal lost
        if lost < MAX_ATTEMPTS + 2:
            lost += 1
            await tx.value(trouble)
        await listener.react(event, tx)

    await count_up(db, 1)
    async with relaying(db, bell, url, Subscriber("listener", (Counted,), react)):
        await listener.until(1)
    assert lost == MAX_ATTEMPTS + 2
    assert await heard(db, "listener") == [("a", 1)]
    assert await db.pool.fetch(DEAD) == []


async def test_another_relay_takes_over_when_the_leaders_connection_is_killed(
    db: Database, bell: Bell, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # so long stays away who lost the lead; who stands by hears the bell
    monkeypatch.setattr(leading, "STANDBY_S", 10.0)
    await add(db, "a")
    first, second = Listener("same"), Listener("same")
    lock = await db.pool.fetchval(LOCK)
    async with relaying(db, bell, url, first.subscriber):
        await count_up(db, 5)
        await first.until(5)
        async with relaying(db, bell, url, second.subscriber):
            await count_up(db, 5)
            await first.until(10)
            assert second.committed == [], "one leads"
            assert await db.pool.fetchval(TERMINATE, await db.pool.fetchval(LEADER, lock))
            await count_up(db, 5)
            await second.until(5)
    assert await heard(db, "same") == [("a", n) for n in range(1, 16)]


async def test_a_newcomer_hears_the_past_and_nobody_else_hears_it_again(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a")
    old, new = Listener("old"), Listener("new")
    await count_up(db, 5)
    async with relaying(db, bell, url, old.subscriber):
        await old.until(5)
    async with relaying(db, bell, url, old.subscriber, new.subscriber):
        await count_up(db, 1)
        await asyncio.gather(old.until(6), new.until(6))
    assert await heard(db, "old") == await heard(db, "new") == [("a", n) for n in range(1, 7)]
    assert old.tries == dict.fromkeys(range(1, 7), 1)


async def test_one_with_nothing_to_hear_stands_at_the_end_of_the_log(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a")
    busy, idle = Listener("busy"), Subscriber("idle", (Unrelated,), Listener("idle").react)
    async with relaying(db, bell, url, busy.subscriber, idle):
        await count_up(db, 5)
        await busy.until(5)
        async with asyncio.timeout(20):
            while not await db.pool.fetchval(AT_END):
                await bell.rung(0.05)


async def test_nobody_with_nothing_to_hear_is_moved_past_what_only_a_later_release_knows(
    db: Database, bell: Bell, url: str
) -> None:
    await add(db, "a")
    await count_up(db, 3)
    await db.pool.execute(MAKE_UNKNOWN)
    async with relaying(db, bell, url, Subscriber("idle", (Unrelated,), Listener("idle").react)), asyncio.timeout(20):
        while (passed := await db.pool.fetchval(PASSED)) is None:
            await bell.rung(0.05)
    assert passed == [Counted.TYPE]


async def test_one_that_hears_batches_hears_everything_in_order(db: Database, bell: Bell, url: str) -> None:
    await add(db, "a")
    listener = Listener("together", lambda event, _: event.version == 7)
    sizes = []

    @subscriber
    async def together(events: Sequence[Counted], tx: Tx) -> None:
        sizes.append(len(events))
        for event in events:
            await listener.react(event, tx)

    async with db.transaction(on_behalf()) as tx:
        for _ in range(10):
            await count(tx, "a")
    async with relaying(db, bell, url, together):
        await listener.until(9)
    assert await heard(db, "together") == [("a", n) for n in (1, 2, 3, 4, 5, 6, 8, 9, 10)]
    assert sizes == [10, *[1] * (9 + MAX_ATTEMPTS)]


async def test_one_that_hears_batches_catches_up_with_several_at_once_and_a_bad_one_costs_only_its_own(
    db: Database, bell: Bell, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 4)
    await add(db, "a")
    listener = Listener("together", lambda event, _: event.version == 9)
    sizes, go_on = [], asyncio.Event()

    @subscriber
    async def together(events: Sequence[Counted], tx: Tx) -> None:
        await go_on.wait()
        sizes.append(len(events))
        for event in events:
            await listener.react(event, tx)

    feed = Feed([together], db)
    async with db.transaction(on_behalf()) as tx:
        for _ in range(14):
            await count(tx, "a")
        await tx.run(relay.REGISTER, [together.name])
    logged = await readable(db, 14)
    for begin in range(0, 14, 4):
        await feed.put(logged[begin : begin + 4])
    running = asyncio.create_task(feed.run())
    go_on.set()
    await listener.until(13)
    running.cancel()
    assert [version for _, version in await heard(db, "together")] == [n for n in range(1, 15) if n != 9]
    assert sizes == [14, 4, 4, 4, *[1] * (3 + MAX_ATTEMPTS), 2]


def sharing(listener: Listener) -> Subscriber:
    """The listener as one that takes events together, and so shares its transactions."""

    async def react(events: Sequence[Counted], tx: Tx) -> None:
        for event in events:
            await listener.react(event, tx)

    return Subscriber(listener.name, (Counted,), react, together=True)


async def test_those_that_share_have_one_transaction_and_those_apart_their_own(
    db: Database, bell: Bell, url: str
) -> None:
    await add(db, "a")
    one, other, proud = Listener("one"), Listener("other"), Listener("proud")
    await count_up(db, 3)
    await readable(db, 3)
    async with relaying(db, bell, url, sharing(one), sharing(other), feeds_apart(proud)):
        await asyncio.gather(one.until(3), other.until(3), proud.until(3))
    by = {row["who"]: row["writers"] for row in await db.pool.fetch(WRITERS)}
    assert by["one"] == by["other"] != by["proud"]
    assert [len(writers) for writers in by.values()] == [1, 1, 1]


def feeds_apart(listener: Listener) -> Subscriber:
    """The same, with transactions of its own."""
    return apart(sharing(listener))


async def test_who_fails_among_those_that_share_falls_out_and_comes_back(
    db: Database, bell: Bell, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = asyncio.Event()
    monkeypatch.setattr(feeds, "backoff_s", lambda _attempt: 0.0 if stuck.is_set() else 0.05)
    await add(db, "a")
    one = Listener("one")
    other = Listener("other", lambda event, _: event.version == 2 and not stuck.is_set())
    monkeypatch.setattr(feeds, "MAX_ATTEMPTS", 1_000)
    await count_up(db, 3)
    async with relaying(db, bell, url, sharing(one), sharing(other)):
        await one.until(3)
        await count_up(db, 2)
        await one.until(5)
        assert other.committed in ([], [1]), "it still cannot, and holds nobody up"
        stuck.set()
        await other.until(5)
        await count_up(db, 1)
        await asyncio.gather(one.until(6), other.until(6))
    assert await heard(db, "one") == await heard(db, "other") == [("a", n) for n in range(1, 7)]
    by = {row["who"]: row["writers"] for row in await db.pool.fetch(WRITERS)}
    assert by["one"][-1] == by["other"][-1], "the last one was heard together again"
    assert await db.pool.fetch(DEAD) == []


async def _answers(db: Database, bell: Bell, url: str, *, passed: bool) -> Sequence[tuple[str, int]]:
    """What is heard of one that is silent, then tells, and commits once later events have (not) `passed` it."""
    silent, told, commit = asyncio.Event(), asyncio.Event(), asyncio.Event()
    listener = Listener("listener")

    async def answer(events: Sequence[Counted], tx: Tx) -> None:
        if events[0].name == "asked":
            await silent.wait()
            tx.tell(Counted(name="answer", version=1))
            await tx.finish()
            told.set()
            await commit.wait()

    await add(db, "asked", "a", "b")
    answering = Subscriber("answering", (Counted,), answer, together=True, apart=True)
    async with relaying(db, bell, url, answering, sharing(listener)):
        await count_up(db, 1, "asked")
        await listener.until(1)
        await count_up(db, 3)
        await listener.until(4)  # while the one that answers is open, and silent
        silent.set()
        await told.wait()
        await count_up(db, 3, "b")
        if passed:
            await listener.until(7)
        commit.set()
        await listener.until(7)
        await count_up(db, 1)
        await listener.until(8)
    async with relaying(db, bell, url, answering, sharing(listener)):
        await count_up(db, 1)
        await listener.until(9)
    return [what for what in await heard(db, "listener") if what[0] == "answer"]


async def test_who_has_told_nothing_yet_is_not_waited_for_and_who_has_is(db: Database, bell: Bell, url: str) -> None:
    assert await _answers(db, bell, url, passed=False) == [("answer", 1)]


async def test_a_reader_that_takes_a_teller_for_quiet_is_seen_to_lose_events(
    db: Database, bell: Bell, url: str, plant: Callable[[str], None]
) -> None:
    plant("quiet_for_ever")
    assert await _answers(db, bell, url, passed=True) == []


async def test_a_subscriber_is_registered_by_its_annotation(db: Database) -> None:
    @subscriber
    async def on_counted(event: Counted, tx: Any) -> None: ...

    @projection("public.heard")
    async def counters(event: Counted | Unrelated, tx: Any) -> None: ...

    assert on_counted.events == (Counted,)
    assert (counters.events, counters.table) == ((Counted, Unrelated), "public.heard")
    assert on_counted.name.endswith(".on_counted")
