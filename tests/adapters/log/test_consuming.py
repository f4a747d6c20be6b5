"""Consuming: changes of hands, of carriers, poison, pressure, a broker that dies. Nothing is done twice or left out."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from confluent_kafka import Consumer as Client
from confluent_kafka.admin import AdminClient

from tests.adapters.log.brokers import Broker
from tests.adapters.log.conftest import ByKafka, ByTheLog, running
from tests.adapters.log.listening import Listener, count_up
from tests.adapters.log.raw import hung_member, send
from tests.counters import Counted, add, heard
from tradewind.adapters.log.kafka import consuming
from tradewind.adapters.log.kafka.places import KafkaPlaces
from tradewind.adapters.log.kafka.received import Received, receive
from tradewind.adapters.log.kafka.topics import ensure
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.runtime import feeds
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.dead_letters import SubscribersLetters
from tradewind.runtime.feeds import Feed
from tradewind.runtime.telemetry import metrics

LETTERS = "SELECT count(*) FROM runtime.dead_letter"
HEARING = """
    SELECT backend_xid::text AS xid FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle in transaction' AND backend_xid IS NOT NULL
"""
DOWN_S = 3.0
pytestmark = pytest.mark.engine("kafka")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(feeds, "backoff_s", lambda _attempt: 0.0)


@pytest.fixture
def soon_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot follow a few events is waited for."""
    monkeypatch.setattr(feeds, "QUEUE", 1)
    monkeypatch.setattr(consuming, "BATCH", 2)
    monkeypatch.setattr(consuming, "PATIENCE_S", 0.01)


def lags(kafka: ByKafka) -> list[float]:
    """Of each partition of its events, as far as it is known."""
    topic = kafka.names.topic(Counted.TYPE)
    return [cast(Any, gauge)._value.get() for labels, gauge in metrics.kafka_lag._metrics.items() if labels[1] == topic]


def an_envelope(name: str, version: int) -> bytes:
    """An event of a shop with another database."""
    said = {
        "eventId": str(new_id()), "eventType": Counted.TYPE, "occurredAt": now().isoformat(), "producer": "elsewhere",
        "traceId": new_id().hex, "correlationId": "c", "partitionKey": name,
        "payload": {"name": name, "version": version}, "schemaVersion": "1.0",
    }  # fmt: skip
    return json.dumps(said).encode()


async def test_who_changes_between_log_and_kafka_does_nothing_twice_and_leaves_nothing_out(
    db: Database, kafka: ByKafka
) -> None:
    await add(db, "a")
    one, log = Listener("one"), ByTheLog(db, kafka.bell, kafka.url)
    for number, carrier in enumerate((log, kafka, log, kafka)):
        await count_up(db, 3)
        async with carrier.carrying(one.subscriber):
            await count_up(db, 3)
            await one.until(6 * (number + 1))
    assert await heard(db, "one") == [("a", n) for n in range(1, 25)]
    assert set(one.tries.values()) == {1}


async def test_one_that_was_paused_and_comes_late_with_what_others_did_does_nothing(
    db: Database, kafka: ByKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(db, "a")
    one, received = Listener("one"), list[Received]()
    real = receive

    async def kept(pool: Any, messages: Any) -> list[Received]:
        batch = await real(pool, messages)
        received.extend(batch)
        return batch

    monkeypatch.setattr(consuming, "receive", kept)
    async with kafka.carrying(one.subscriber):
        await count_up(db, 5)
        await one.until(5)
    late = Feed([one.subscriber], db, KafkaPlaces({kafka.names.topic(Counted.TYPE): ["one"]}))
    await late.put(received)
    running_late = asyncio.create_task(late.run())
    async with asyncio.timeout(30):
        while not late.idle:  # noqa: ASYNC110 -- it has no event
            await asyncio.sleep(0.01)
    running_late.cancel()
    assert len(received) == 5
    assert await heard(db, "one") == [("a", n) for n in range(1, 6)]
    assert set(one.tries.values()) == {1}


async def test_a_topic_that_was_made_anew_is_heard_from_its_beginning(db: Database, kafka: ByKafka) -> None:
    await add(db, "a")
    one, topic = Listener("one"), kafka.names.topic(Counted.TYPE)
    async with kafka.carrying(one.subscriber):
        await count_up(db, 9)
        await one.until(9)
    admin = AdminClient({"bootstrap.servers": kafka.servers})
    await asyncio.to_thread(admin.delete_topics([topic])[topic].result, 60)
    async with kafka.carrying(one.subscriber):
        await count_up(db, 3)
        await send(kafka.servers, topic, "a", an_envelope("a", 77))
        await one.until(13, within_s=40)
    assert sorted(await heard(db, "one")) == [("a", n) for n in [*range(1, 13), 77]]
    assert set(one.tries.values()) == {1}


async def test_what_nobody_can_read_is_a_dead_letter_and_holds_nobody_up(db: Database, kafka: ByKafka) -> None:
    await add(db, "a")
    one, topic = Listener("one"), kafka.names.topic(Counted.TYPE)
    async with kafka.carrying(one.subscriber):
        await count_up(db, 1)
        await one.until(1)
        for poison in (b"\0\xff no JSON", b"{}", None, an_envelope("a", 7).replace(Counted.TYPE.encode(), b"x.y.z.v1")):
            await send(kafka.servers, topic, "a", poison)
        await count_up(db, 1)
        await one.until(2)
    async with kafka.carrying(one.subscriber):  # read again or not, they are noted once
        await count_up(db, 1)
        await one.until(3)
    async with db.reading(internal_call("test")) as tx:
        letters = await SubscribersLetters([one.subscriber]).list(tx, 10)
    assert [(letter.consumer, letter.type, letter.key) for letter in letters] == [("(kafka)", "unreadable", "a")] * 3
    assert await heard(db, "one") == [("a", 1), ("a", 2), ("a", 3)]


async def test_an_event_from_elsewhere_that_cannot_be_borne_is_redriven_from_its_letter(
    db: Database, kafka: ByKafka
) -> None:
    ill = True
    one = Listener("one", lambda event, _: ill and event.version == 2)
    async with kafka.carrying(one.subscriber):
        for version in (1, 2, 3):
            await send(kafka.servers, kafka.names.topic(Counted.TYPE), "far", an_envelope("far", version))
        await one.until(2)
    letters = SubscribersLetters([one.subscriber])
    async with db.reading(internal_call("test")) as tx:
        [letter] = await letters.list(tx, 10)
    assert (letter.key, letter.consumer) == ("far", "one")
    ill = False
    async with db.transaction(internal_call("test")) as tx:
        assert await letters.redrive(tx, letter.id)
    async with db.transaction(internal_call("test")) as tx:
        assert not await letters.redrive(tx, letter.id)
    assert await heard(db, "one") == [("far", 1), ("far", 3), ("far", 2)]
    assert await db.pool.fetchval(LETTERS) == 0


@pytest.mark.usefixtures("soon_full")
async def test_partitions_are_paused_while_a_subscriber_cannot_follow(db: Database, kafka: ByKafka) -> None:
    await add(db, "a")
    one, pauses = Listener("one"), metrics.kafka_pauses_total
    one.may.clear()
    before = pauses._value.get()
    async with kafka.carrying(one.subscriber):
        await count_up(db, 20)  # some of them while it hears the first ones, and cannot follow
        async with asyncio.timeout(60):
            while pauses._value.get() == before:  # noqa: ASYNC110 -- a counter has no event
                await asyncio.sleep(0.02)
        await count_up(db, 20)
        async with asyncio.timeout(60):
            while sum(lags(kafka)) < 20:  # noqa: ASYNC110 -- a gauge has no event
                await asyncio.sleep(0.02)
        one.may.set()
        await one.until(40)
    assert await heard(db, "one") == [("a", n) for n in range(1, 41)]


@pytest.mark.usefixtures("soon_full")
async def test_a_stop_is_heard_while_a_subscriber_cannot_follow(db: Database, kafka: ByKafka) -> None:
    await add(db, "a")
    one, pauses = Listener("one"), metrics.kafka_pauses_total
    one.may.clear()
    before = pauses._value.get()
    async with asyncio.timeout(60), kafka.carrying(one.subscriber):
        await count_up(db, 20)
        while pauses._value.get() == before:  # noqa: ASYNC110 -- a counter has no event
            await asyncio.sleep(0.02)
    assert not one.committed


@pytest.mark.usefixtures("soon_full")
async def test_what_changes_hands_while_it_is_paused_is_heard_by_whoever_has_it_then(
    db: Database, kafka: ByKafka
) -> None:
    await add(db, "a")
    one = Listener("one")
    first, second = kafka.consumer(one.subscriber), kafka.consumer(one.subscriber)
    one.may.clear()
    async with running(kafka.bell, kafka.publisher(), first):
        await count_up(db, 20)
        async with asyncio.timeout(60):
            while not first._paused:  # noqa: ASYNC110 -- a client has no event
                await asyncio.sleep(0.02)
            async with running(kafka.bell, second):
                while not second._assigned:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        one.may.set()
        await one.until(20)
    assert await heard(db, "one") == [("a", n) for n in range(1, 21)]


async def test_a_client_that_nobody_tells_its_partitions_is_given_up_and_the_next_one_hears_all(
    db: Database, kafka: ByKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(db, "a")
    one, given_up = Listener("one"), metrics.kafka_given_up_total
    topic, group, before = kafka.names.topic(Counted.TYPE), kafka.names.group("test"), given_up._value.get()
    await asyncio.to_thread(ensure, kafka.servers, [topic])
    async with running(kafka.bell, kafka.publisher()), AsyncExitStack() as carrying:
        with hung_member(kafka.servers, group, topic), monkeypatch.context() as hasty:
            hasty.setattr(consuming, "REJOIN_S", 1.0)
            hasty.setattr(consuming, "CLOSE_S", 1.0)
            await carrying.enter_async_context(running(kafka.bell, kafka.consumer(one.subscriber)))
            await count_up(db, 5)
            async with asyncio.timeout(60):
                while given_up._value.get() == before:  # noqa: ASYNC110 -- a counter has no event
                    await asyncio.sleep(0.02)
            assert not one.committed
        await one.until(5)
    assert await heard(db, "one") == [("a", n) for n in range(1, 6)]


async def test_a_client_that_was_given_up_changes_nothing_for_the_next_one(db: Database, kafka: ByKafka) -> None:
    await add(db, "a")
    one = Listener("one")
    consumer = kafka.consumer(one.subscriber)
    given_up = Client({"bootstrap.servers": kafka.servers, "group.id": "given up"})
    async with running(kafka.bell, kafka.publisher(), consumer):
        await count_up(db, 1)
        await one.until(1)
        fed, assigned = consumer._fed, consumer._assigned
        assert await consumer._begin(given_up, assigned[:1]) == []
        await consumer._end_of(given_up)
        assert (consumer._fed, consumer._assigned) == (fed, assigned)
        assert fed
    await asyncio.to_thread(given_up.close)


async def test_who_cannot_follow_does_not_hold_up_what_is_published_to_others(db: Database, kafka: ByKafka) -> None:
    await add(db, "a")
    one, other = Listener("one"), Listener("other")
    one.may.clear()
    async with kafka.carrying(one.subscriber, other.subscriber):
        await count_up(db, 1)
        async with asyncio.timeout(60):
            while not other.committed or not (hearing := await db.pool.fetchval(HEARING)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await count_up(db, 5)
        await other.until(6)
        assert hearing in [row["xid"] for row in await db.pool.fetch(HEARING)], "only once what hung was ended"
        one.may.set()
        await one.until(6)


async def test_a_broker_that_is_killed_loses_nothing_and_doubles_nothing(db: Database, kafka: ByKafka) -> None:
    broker = Broker(int(kafka.servers.rpartition(":")[2]))
    await add(db, "a", "b")
    one, other = Listener("one"), Listener("other", together=True)
    async with kafka.carrying(one.subscriber, other.subscriber):
        await count_up(db, 5)
        await one.until(5)
        await broker.kill()
        try:
            await asyncio.gather(count_up(db, 30), count_up(db, 30, "b"))  # nobody who tells is held up
            await asyncio.sleep(DOWN_S)
        finally:
            broker.start()
        await asyncio.gather(count_up(db, 5), count_up(db, 5, "b"))
        await asyncio.gather(one.until(75), other.until(75))
    for who in ("one", "other"):
        told = await heard(db, who)
        assert [version for name, version in told if name == "a"] == list(range(1, 41))
        assert [version for name, version in told if name == "b"] == list(range(1, 36))


async def test_lag_is_told_and_falls_to_nothing(db: Database, kafka: ByKafka) -> None:
    await add(db, "a")
    one = Listener("one")
    topic, group = kafka.names.topic(Counted.TYPE), kafka.names.group("test")
    async with running(kafka.bell, kafka.publisher(), kafka.consumer(one.subscriber)):
        await count_up(db, 5)
        await one.until(5)
        async with asyncio.timeout(60):
            while (group, topic, "0") not in metrics.kafka_lag._metrics:  # noqa: ASYNC110 -- a gauge has no event
                await asyncio.sleep(0.05)
        found = lags(kafka)
    assert len(found) == 6
    assert sum(found) == 0
