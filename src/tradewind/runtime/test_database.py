"""The transaction: all or nothing, few round trips, and refusals in place of the driver's errors."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

import asyncpg
import pytest

from tests.counters import COUNT, Counted, add, count, count_once, on_behalf, versions
from tradewind.kernel.errors import Forbidden, Stale
from tradewind.runtime import pool
from tradewind.runtime.database import FULL_AGAIN_S, AlreadyExists, Busy, Database, DatabaseAway, DatabaseFull

INSERT: Final = "INSERT INTO public.counter (name) VALUES ($1)"
SET: Final = "UPDATE public.counter SET version = $2 WHERE name = $1"
HANG_UP: Final = "SELECT pg_terminate_backend(pg_backend_pid())"
NO_ROOM: Final = "DO $$ BEGIN RAISE disk_full; END $$"
SLEEP: Final = "SELECT pg_sleep(60)"
EVERYTHING: Final = "SELECT * FROM public.counter"
TRACES: Final = "SELECT trace_id FROM runtime.outbox ORDER BY position"


async def test_what_is_put_off_is_one_statement_and_one_round_trip(db: Database) -> None:
    await add(db, "a", "b")
    said: list[str] = []
    async with db.transaction(on_behalf()) as tx:
        await count(tx, "a")  # warms the connection's types up
    async with db.transaction(on_behalf()) as tx:
        tx.connection.add_query_logger(lambda record: said.append(record.query))
        tx.later(SET, "a", 7)
        tx.later(SET, "b", 8)
        tx.tell(Counted(name="a", version=7), Counted(name="b", version=8))
        tx.audit("test.set", "a", to=7)
        assert said == [], "nothing is said before it ends"
    writes = [sql for sql in said if "UPDATE public.counter" in sql]
    assert len(writes) == 1
    assert [part in writes[0] for part in ("$2", "$4", "runtime.outbox", "runtime.audit_entry")] == [True] * 4
    assert await versions(db) == {"a": 7, "b": 8}
    assert await db.pool.fetchval("SELECT facts->>'to' FROM runtime.audit_entry") == "7"


async def test_what_one_connection_learnt_of_our_types_the_others_know(db: Database) -> None:
    await add(db, "a", "b")
    said: list[list[str]] = [[], []]
    async with db.transaction(on_behalf()) as one, db.transaction(on_behalf()) as other:
        for tx, queries in zip((one, other), said, strict=True):
            tx.connection.add_query_logger(lambda record, queries=queries: queries.append(record.query))
        await count(one, "a")
        await one.finish()
        await count(other, "b")
        await other.finish()
    first, second = (sum("typeinfo_tree" in query for query in queries) for queries in said)
    assert first > 0, "the driver asks"
    assert second == 0
    assert await versions(db) == {"a": 1, "b": 1}


async def test_events_are_written_with_the_last_statement_however_often_others_are(db: Database) -> None:
    await add(db, "a")
    async with db.transaction(on_behalf()) as tx:
        await count(tx, "a")
        tx.audit("test.count", "a")
        await tx.flush()
        assert await tx.value("SELECT count(*) FROM runtime.audit_entry") == 1
        assert await tx.value("SELECT count(*) FROM runtime.outbox") == 0
    assert await db.pool.fetchval("SELECT count(*) FROM runtime.outbox") == 1


async def test_a_transaction_that_fails_leaves_nothing_and_rings_nobody(db: Database) -> None:
    await add(db, "a")
    rings: list[str] = []
    db.on_told = lambda: rings.append("told")

    async def count_but(refusal: Exception | None) -> None:
        async with db.transaction(on_behalf()) as tx:
            await count(tx, "a")
            tx.on_commit.append(lambda: rings.append("certain"))
            if refusal:
                raise refusal

    with pytest.raises(Stale):
        await count_but(Stale())
    assert (rings, await versions(db)) == ([], {"a": 0})
    await count_but(None)
    assert rings == ["certain", "told"]


async def test_who_comes_second_is_told_so(db: Database) -> None:
    await add(db, "a")
    with pytest.raises(AlreadyExists) as refused:
        async with db.transaction(on_behalf()) as tx:
            tx.later(INSERT, "a")
    assert refused.value.facts == {"constraint": "counter_pkey"}


@pytest.mark.parametrize("what", ["a lock", "a statement"])
async def test_what_is_held_up_is_busy(db: Database, url: str, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(pool, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(pool, "STATEMENT_TIMEOUT", "500ms")
    await add(db, "a")
    hasty = await Database.open(url, {}, db.policy)
    async with db.transaction(on_behalf()) as holder:
        await count(holder, "a")
        with pytest.raises(Busy):
            async with hasty.transaction(on_behalf()) as tx:
                await tx.value(*((COUNT, "a") if what == "a lock" else (SLEEP,)))
    await hasty.close()


async def test_a_deadlock_is_stale_for_one_and_nothing_for_the_other(db: Database) -> None:
    await add(db, "a", "b")
    both = asyncio.Barrier(2)

    async def cross(first: str, second: str) -> None:
        async with db.transaction(on_behalf()) as tx:
            await tx.value(COUNT, first)
            await both.wait()
            await tx.value(COUNT, second)

    outcomes = await asyncio.gather(cross("a", "b"), cross("b", "a"), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "Stale"]
    assert any(isinstance(one, Stale) for one in outcomes)
    assert await versions(db) == {"a": 1, "b": 1}


async def test_a_table_that_gets_a_column_makes_a_transaction_stale_once(db: Database) -> None:
    await add(db, "a")
    async with db.transaction(on_behalf()) as tx:
        await tx.all(EVERYTHING)
    await db.pool.execute("ALTER TABLE public.counter ADD COLUMN remark text")
    with pytest.raises(Stale):
        async with db.transaction(on_behalf()) as tx:
            await tx.all(EVERYTHING)
    async with db.transaction(on_behalf()) as tx:
        assert "remark" in (await tx.all(EVERYTHING))[0]


async def test_a_connection_that_breaks_is_a_database_that_is_away(db: Database) -> None:
    await add(db, "a")
    with pytest.raises(DatabaseAway):
        async with db.transaction(on_behalf()) as tx:
            await tx.value(HANG_UP)
    with pytest.raises(DatabaseAway):
        async with db.reading(on_behalf()) as tx:
            await tx.value(HANG_UP)
    assert await count_once(db, "a") == 1, "the next one gets a fresh connection"


async def test_a_disk_that_is_full_is_told_apart_and_nothing_is_written(db: Database) -> None:
    await add(db, "a")

    async def count_in_vain() -> None:
        async with db.transaction(on_behalf()) as tx:
            await count(tx, "a")
            await tx.run(NO_ROOM)

    with pytest.raises(DatabaseFull) as refusal:
        await count_in_vain()
    assert refusal.value.retry_after_s == FULL_AGAIN_S
    with pytest.raises(DatabaseFull):
        async with db.reading(on_behalf()) as tx:
            await tx.run(NO_ROOM)
    assert await versions(db) == {"a": 0}


async def test_a_server_that_is_not_there_is_away(db: Database) -> None:
    class Closed:
        def acquire(self) -> Any:
            return asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/none", min_size=1, timeout=5)

    nowhere = Database(Closed(), {}, db.policy)
    with pytest.raises(DatabaseAway):
        async with nowhere.transaction(on_behalf()):
            pass


async def test_connections_that_nobody_wants_any_more_leave_their_places_in_the_server(
    db: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "IDLE_S", 0.01)
    crowded, closed = await Database.open(url, {}, db.policy, size=3), asyncio.Semaphore(0)
    async with AsyncExitStack() as wanted:
        for _ in range(3):
            connection = await wanted.enter_async_context(crowded.pool.acquire())
            connection.add_termination_listener(lambda _: closed.release())
    async with asyncio.timeout(30):
        for _ in range(3 - crowded.pool.get_min_size()):
            await closed.acquire()
    await crowded.close()


async def test_a_bug_in_a_statement_is_no_excuse(db: Database) -> None:
    with pytest.raises(asyncpg.DataError):
        async with db.transaction(on_behalf()) as tx:
            await tx.value(COUNT, 7)


async def test_events_of_a_batch_carry_the_trace_of_their_own_call(db: Database) -> None:
    mine, yours, ours = on_behalf(), on_behalf(), on_behalf()
    async with db.transaction(ours) as tx:
        tx.calls = {"mine": mine}
        tx.tell(Counted(name="mine", version=1), Counted(name="ours", version=1))
        tx.tell(Counted(name="yours", version=1), call=yours)
    traces = [row["trace_id"] for row in await db.pool.fetch(TRACES)]
    assert traces == [mine.trace_id, ours.trace_id, yours.trace_id]


async def test_what_the_policy_does_not_allow_is_forbidden(db: Database) -> None:
    async with db.transaction(on_behalf()) as tx:
        tx.authorize("test.anything")
        tx.call = tx.call.__class__(actor=tx.call.actor.__class__(subject="nobody"), correlation_id="", trace_id="")
        with pytest.raises(Forbidden) as refused:
            tx.authorize("orders.import")
    assert refused.value.facts == {"action": "orders.import"}


async def test_a_peer_is_found_by_its_protocol(db: Database) -> None:
    db.peers = {int: "whoever answers"}
    async with db.reading(on_behalf()) as tx:
        assert tx.peer(int) == "whoever answers"  # type: ignore[comparison-overlap]
