"""The hot path: commands share a transaction; none is hurt by its neighbour, by a lost connection or by the stop."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.counters import add, on_behalf, versions
from tests.counting import Counting, CountUp, NoMore, open_counting
from tradewind.kernel.errors import Stale
from tradewind.runtime import batching
from tradewind.runtime.batching import Lane, QueueFull
from tradewind.runtime.database import Busy, Database, DatabaseAway


async def put_all(lane: Lane, *commands: CountUp) -> list[Any]:
    """Put all at once, in order; each one's answer or refusal."""
    putting = (lane.put(command, on_behalf()) for command in commands)
    return await asyncio.gather(*putting, return_exceptions=True)


async def test_those_who_wait_share_one_transaction_in_order_of_arrival(db: Database) -> None:
    await add(db, "a", "b")
    counting = open_counting()
    lane = counting.lane(db)
    lane.start()
    answers = await put_all(lane, *(CountUp(name=name) for name in "abab" * 10))
    assert answers == [n // 2 + 1 for n in range(40)]
    assert [len(batch) for batch in counting.batches] == [40]
    assert await db.pool.fetchval("SELECT count(DISTINCT stamp) FROM runtime.outbox") == 1
    await lane.stop()


async def test_a_batch_is_no_longer_than_allowed(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_BATCH", 8)
    await add(db, "a")
    counting = open_counting()
    lane = counting.lane(db)
    lane.start()
    assert sorted(await put_all(lane, *[CountUp(name="a")] * 20)) == list(range(1, 21))
    assert sorted(len(batch) for batch in counting.batches) == [4, 8, 8]
    await lane.stop()


@pytest.mark.parametrize(
    ("instead", "error"),
    [
        ("raise", ValueError),
        ("divide", asyncpg.DivisionByZeroError),
        ("busy", Busy),
        ("always stale", Stale),
        ("refuse", NoMore),
    ],
)
async def test_a_poisonous_command_does_not_fail_its_neighbours(
    db: Database, instead: str, error: type[Exception]
) -> None:
    await add(db, "a", "b")
    lane = open_counting().lane(db)
    lane.start()
    good = [CountUp(name="a")] * 5
    answers = await put_all(lane, *good, CountUp(name="b", instead=instead), *good)
    assert isinstance(answers.pop(5), error)
    assert answers == list(range(1, 11))
    assert await versions(db) == {"a": 10, "b": 0}
    assert await db.pool.fetchval("SELECT count(*) FROM runtime.outbox") == 10
    await lane.stop()


async def test_a_stale_command_is_tried_again(db: Database) -> None:
    await add(db, "a")
    counting = open_counting()
    lane = counting.lane(db)
    lane.start()
    assert await put_all(lane, CountUp(name="a", instead="stale")) == [1]
    assert len(counting.batches) == 3
    await lane.stop()


async def test_a_lost_connection_is_told_to_the_callers_and_never_tried_again(db: Database) -> None:
    await add(db, "a", "b")
    counting = open_counting()
    lane = counting.lane(db)
    lane.start()
    answers = await put_all(lane, CountUp(name="a"), CountUp(name="b", instead="hang up"), CountUp(name="a"))
    assert [type(answer) for answer in answers] == [DatabaseAway] * 3
    assert counting.batches == [["a", "b", "a"]]
    assert await put_all(lane, CountUp(name="a")) == [1]
    await lane.stop()


async def test_a_full_queue_refuses_the_next_one(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_WAITING", 3)
    await add(db, "a")
    counting = open_counting()
    lane = counting.lane(db)
    waiting = [asyncio.create_task(lane.put(CountUp(name="a"), on_behalf())) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await lane.put(CountUp(name="a"), on_behalf())
    lane.start()
    assert await asyncio.gather(*waiting) == [1, 2, 3]
    await lane.stop()


@pytest.mark.parametrize(("others", "sizes"), [("bc", [1, 2]), ("bcd", [1, 3])], ids=["a few wait", "a crowd does not"])
async def test_a_second_transaction_is_opened_for_a_crowd_only(
    db: Database, monkeypatch: pytest.MonkeyPatch, others: str, sizes: list[int]
) -> None:
    monkeypatch.setattr(batching, "CROWD", 3)
    await add(db, "a", *others)
    counting = Counting()
    lane = counting.lane(db)
    lane.start()
    putting = []
    for name in "a" + others:
        putting.append(asyncio.create_task(lane.put(CountUp(name=name), on_behalf())))
        await asyncio.sleep(0)  # each comes by itself, and a worker that is free
        await asyncio.sleep(0)  # would take it before the next one comes
        if name == "a" or (len(others) == batching.CROWD and name == others[-1]):
            await counting.begun.acquire()
    counting.gate.set()
    await asyncio.gather(*putting)
    assert [len(batch) for batch in counting.batches] == sizes
    await lane.stop()


async def test_a_stop_lets_what_is_under_way_end_and_refuses_the_waiting(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "MAX_BATCH", 1)
    monkeypatch.setattr(batching, "CROWD", 1)
    await add(db, "a", "b", "c")
    counting = Counting()
    lane = counting.lane(db)
    lane.start()
    under_way = [asyncio.create_task(lane.put(CountUp(name=name), on_behalf())) for name in "abc"]
    for _ in range(batching.WORKERS):
        await counting.begun.acquire()
    stopping = asyncio.create_task(lane.stop())
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await lane.put(CountUp(name="a"), on_behalf())
    counting.gate.set()
    await stopping
    answers = await asyncio.gather(*under_way, return_exceptions=True)
    assert answers[:2] == [1, 1]
    assert isinstance(answers[2], QueueFull)
    assert await versions(db) == {"a": 1, "b": 1, "c": 0}


async def test_a_stop_leaves_no_caller_waiting_for_ever(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "PATIENCE_S", 0.0)
    counting = Counting()  # its gate never opens
    lane = counting.lane(db)
    lane.start()
    under_way = asyncio.create_task(lane.put(CountUp(name="a"), on_behalf()))
    await counting.begun.acquire()
    await lane.stop()
    with pytest.raises(QueueFull):
        await under_way


async def test_a_caller_who_leaves_takes_nobody_along(db: Database) -> None:
    await add(db, "a")
    counting = Counting()
    lane = counting.lane(db)
    lane.start()
    callers = [asyncio.create_task(lane.put(CountUp(name="a"), on_behalf())) for _ in range(3)]
    await counting.begun.acquire()
    callers[1].cancel()
    counting.gate.set()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert [answers[0], answers[2]] == [1, 3]
    assert isinstance(answers[1], asyncio.CancelledError)
    await lane.stop()
