"""R21: the log's reader loses nothing, doubles nothing and keeps each key's order; and this can be seen to fail."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import pytest
from msgspec import json

from tests.counters import COUNT, Counted, add, count, on_behalf, versions
from tradewind.contracts.envelope import Envelope
from tradewind.runtime import outbox
from tradewind.runtime.database import Database
from tradewind.runtime.reading import START, Cursor, Logged, is_waiting, read

WRITERS = 32
EACH = 12
KEYS = [f"key-{n}" for n in range(6)]
TAKE_ID: Final = "SELECT pg_current_xact_id()::text"
SLEEP: Final = "SELECT pg_sleep($1)"
PLAIN_APPEND: Final = outbox.APPEND.replace("pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1", "0")
"""The design's first order: the writer's own transaction id, whenever it was taken."""


class Undone(Exception):  # noqa: N818 -- the injected fault
    """This transaction is to be rolled back."""


class Findings(NamedTuple):
    """What a reader made of the log."""

    heard: int
    lost: int
    doubled: int
    disordered: int


async def write(db: Database, chance: random.Random) -> None:
    """Transactions that take their id early or late, wait, count a key up, wait, and commit or roll back."""
    for _ in range(EACH):
        key, early, undo = chance.choice(KEYS), chance.random() < 0.5, chance.random() < 0.15
        before_s, after_s = chance.random() * 0.010, chance.random() * 0.010
        try:
            async with db.transaction(on_behalf()) as tx:
                if early:
                    await tx.value(TAKE_ID)
                await tx.value(SLEEP, before_s)
                await count(tx, key)
                await tx.finish()
                await tx.value(SLEEP, after_s)
                if undo:
                    raise Undone
        except Undone:
            pass


async def follow(db: Database, done: asyncio.Event) -> list[Counted]:
    """Everything that a reader hears until nobody writes any more and nothing waits."""
    heard: list[Counted] = []
    cursor = START
    async with db.pool.acquire() as connection:
        while True:
            last_look = done.is_set()
            batch = await read(connection, cursor, 50)
            heard += [json.decode(logged.row["payload"], type=Counted) for logged in batch]
            if batch:
                cursor = batch[-1].at
            elif last_look and not await is_waiting(connection, cursor):
                return heard


async def read_all(connection: Any, after: Cursor = START, limit: int = 500) -> Sequence[Logged]:
    """The next events, once no older transaction runs any more, in whichever database of this cluster."""
    async with asyncio.timeout(30):
        while True:
            batch = await read(connection, after, limit)
            if len(batch) == limit or not await is_waiting(connection, batch[-1].at if batch else after):
                return batch
            await asyncio.sleep(0.005)


async def storm(db: Database) -> Findings:
    seed = int(os.environ.get("TRADEWIND_SEED") or random.SystemRandom().randrange(2**32))
    await add(db, *KEYS)
    done = asyncio.Event()
    reader = asyncio.create_task(follow(db, done))
    async with asyncio.TaskGroup() as writers:
        for n in range(WRITERS):
            writers.create_task(write(db, random.Random(f"{seed}/{n}")))
    done.set()
    async with asyncio.timeout(30):
        heard = await reader
    found = findings(heard, await versions(db))
    print(f"seed {seed}: {WRITERS} writers, {found}")  # noqa: T201 -- the figures
    return found


def findings(heard: Sequence[Counted], told: dict[str, int]) -> Findings:
    by_key = {key: [event.version for event in heard if event.name == key] for key in told}
    lost = sum(len(set(range(1, told[key] + 1)) - set(seen)) for key, seen in by_key.items())
    doubled = sum(len(seen) - len(set(seen)) for seen in by_key.values())
    disordered = sum(one > other for seen in by_key.values() for one, other in pairwise(seen))
    return Findings(len(heard), lost, doubled, disordered)


async def test_no_event_is_lost_doubled_or_reordered_while_32_writers_commit_out_of_order(db: Database) -> None:
    found = await storm(db)
    assert found.heard == sum((await versions(db)).values()) > WRITERS
    assert found[1:] == (0, 0, 0)


async def test_a_reader_without_the_horizon_loses_events(db: Database, plant: Callable[[str], None]) -> None:
    plant("read_without_horizon")
    found = await storm(db)
    assert found.lost > 0


async def test_the_writers_own_id_alone_would_reorder_events(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "APPEND", PLAIN_APPEND)
    found = await storm(db)
    assert (found.lost, found.doubled) == (0, 0)
    assert found.disordered > 0


@pytest.mark.parametrize(
    ("append", "order"), [(outbox.APPEND, [1, 2]), (PLAIN_APPEND, [2, 1])], ids=["stamp", "own id"]
)
async def test_who_took_its_id_early_and_its_lock_late_comes_second(
    db: Database, monkeypatch: pytest.MonkeyPatch, append: str, order: list[int]
) -> None:
    """The three transactions of decision 0004: A is early and locks late, B overtakes it, C still runs."""
    monkeypatch.setattr(outbox, "APPEND", append)
    await add(db, "key", "other")
    async with db.pool.acquire() as reader:
        async with db.transaction(on_behalf()) as c:
            async with db.transaction(on_behalf()) as a:
                await a.value(TAKE_ID)
                async with db.transaction(on_behalf()) as b:
                    assert await count(b, "key") == 1
                assert await read(reader, START, 10) == [], "A, older than B, might still write"
                await c.value(COUNT, "other")
                assert await count(a, "key") == 2
        batch = await read_all(reader)
    assert [json.decode(logged.row["payload"])["version"] for logged in batch] == order


async def test_what_is_read_below_a_running_transaction_waits_and_is_known_to_wait(db: Database) -> None:
    await add(db, "key", "other")
    async with db.pool.acquire() as reader:
        async with db.transaction(on_behalf()) as older:
            await older.value(COUNT, "other")
            async with db.transaction(on_behalf()) as younger:
                await count(younger, "key")
            assert await read(reader, START, 10) == []
            assert await is_waiting(reader, START)
        assert await is_waiting(reader, START), "the horizon moved after the read: look again, do not sleep"
        [logged] = await read_all(reader)
        assert await read(reader, logged.at, 10) == []


async def test_events_of_one_transaction_keep_their_order(db: Database) -> None:
    told = [Counted(name=f"k{n % 7}", version=n) for n in range(1, 301)]
    async with db.transaction(on_behalf()) as tx:
        tx.tell(*told)
    async with db.pool.acquire() as reader:
        assert [logged.event for logged in await read_all(reader)] == told
        first = await read_all(reader, limit=100)
        assert [logged.event for logged in await read_all(reader, first[-1].at)] == told[100:]


async def test_a_logged_event_comes_in_its_envelope(db: Database) -> None:
    call = on_behalf("somebody")
    async with db.transaction(call) as tx:
        tx.tell(Counted(name="key", version=7))
    async with db.pool.acquire() as reader:
        [logged] = await read_all(reader)
    envelope: Envelope = logged.envelope
    plain: Any = json.decode(json.encode(envelope))
    assert (plain["eventType"], plain["producer"], plain["schemaVersion"]) == (Counted.TYPE, "runtime-service", "1.0")
    assert (plain["traceId"], plain["correlationId"], plain["partitionKey"]) == (
        call.trace_id,
        call.correlation_id,
        "key",
    )
    assert plain["payload"] == {"name": "key", "version": 7}
    assert logged.age_ms >= 0


def test_an_event_that_comes_another_way_than_by_the_log_ages_from_when_it_came() -> None:
    """Kafka's are made from messages: counted from the machine's start, each was hours late."""
    began = time.monotonic()
    logged = Logged(START, Counted.TYPE, {"age_ms": 5.0})
    assert 5.0 <= logged.age_ms <= 5.0 + (time.monotonic() - began) * 1000
