"""The log carried in each way that there is: read by the relay itself, or by Kafka from the relay or from Debezium."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import pytest
import pytest_asyncio

from tests import counters
from tests.engines import address
from tradewind.contracts.envelope import EVENTS
from tradewind.kernel.ids import new_id
from tradewind.runtime import failpoints
from tradewind.runtime.database import Database
from tradewind.runtime.relay import Relay
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.wake import Bell

TYPES = (counters.Counted.TYPE,)


class Carrier(Protocol):
    """Carries what is told to subscribers while its context is open."""

    name: str

    def carrying(self, *subscribers: Subscriber) -> Any:
        """Carry, until the block is left."""
        ...


@pytest_asyncio.fixture
async def db(shop: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The test's own database with empty counters; nobody works in it."""
    monkeypatch.setitem(EVENTS, counters.Counted.TYPE, counters.Counted)
    opened = await Database.open(shop.engines.database_url, {}, shop.db.policy, size=24)
    await opened.pool.execute(counters.CREATE)
    yield opened
    await opened.close()


@pytest.fixture
def url(shop: Any) -> str:
    """Where that database is."""
    found: str = shop.engines.database_url
    return found


@pytest_asyncio.fixture
async def bell(db: Database, url: str) -> AsyncIterator[Bell]:
    """A bell that `db` rings."""
    async with Bell(db, url) as ringing:
        yield ringing


@pytest.fixture
def arm() -> Iterator[Callable[[dict[str, str]], None]]:
    """Arm failpoints until the end of the test."""
    yield failpoints.arm
    failpoints.arm({})


@asynccontextmanager
async def running(bell: Bell, *runners: Any) -> AsyncIterator[None]:
    """Each `run(stop)` at work until the block is left."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(one.run(stop)) for one in runners]
    try:
        yield
    finally:
        stop.set()
        bell.ring()
        await asyncio.gather(*tasks)


class ByTheLog:
    """The relay alone."""

    name = "log"

    def __init__(self, db: Database, bell: Bell, url: str) -> None:
        self.db, self.bell, self.url = db, bell, url

    def carrying(self, *subscribers: Subscriber) -> Any:
        """See Carrier."""
        return running(self.bell, Relay(self.db, subscribers, self.bell, self.url))


class ByKafka(ByTheLog):
    """The relay publishes, a group of one consumes; or Debezium publishes where its connectors are registered."""

    name = "kafka"

    def __init__(self, db: Database, bell: Bell, url: str, servers: str) -> None:
        from tradewind.adapters.log.kafka.topics import Names

        super().__init__(db, bell, url)
        self.servers, self.names = servers, Names(f"t{new_id().hex[-12:]}.")

    def publisher(self) -> Any:
        """One that publishes."""
        from tradewind.adapters.log.kafka.publishing import Publisher

        return Publisher(self.db, self.bell, self.url, self.servers, self.names, types=TYPES)

    def consumer(self, *subscribers: Subscriber) -> Any:
        """One that consumes."""
        from tradewind.adapters.log.kafka.consuming import Consumer

        return Consumer(self.db, subscribers, self.servers, self.names, kind="test")

    def publishers(self) -> list[Any]:
        """Who publishes from this process."""
        return [self.publisher()]

    def carrying(self, *subscribers: Subscriber) -> Any:
        """See Carrier."""
        return running(self.bell, *self.publishers(), self.consumer(*subscribers))


class ByDebezium(ByKafka):
    """Debezium publishes all the time."""

    name = "debezium"

    def publishers(self) -> list[Any]:
        """See ByKafka: nobody here."""
        return []


@asynccontextmanager
async def on_kafka(db: Database, bell: Bell, url: str) -> AsyncIterator[ByKafka]:
    """Topics of its own, taken away afterwards."""
    from confluent_kafka.admin import AdminClient

    carrier = ByKafka(db, bell, url, address("KAFKA_SERVERS"))
    yield carrier
    admin = AdminClient({"bootstrap.servers": carrier.servers})
    for_us = [name for name in admin.list_topics(timeout=60).topics if name.startswith(carrier.names.prefix)]
    for done in (admin.delete_topics(for_us) if for_us else {}).values():
        done.result(60)


@asynccontextmanager
async def by_debezium(db: Database, bell: Bell, url: str) -> AsyncIterator[ByDebezium]:
    """Connectors of its own, taken away afterwards."""
    from tradewind.adapters.log.kafka.connect import Connect
    from tradewind.adapters.log.kafka.connectors import Source
    from tradewind.adapters.log.kafka.topics import ensure

    connect_url = address("CONNECT_URL")
    if Source.of(url) is None:
        pytest.skip("engine: TRADEWIND_DATABASE_URL names no Postgres that Debezium can reach")
    async with on_kafka(db, bell, url) as kafka:
        carrier = ByDebezium(db, bell, url, kafka.servers)
        carrier.names = kafka.names
        topics = [*carrier.names.of_events(TYPES), *carrier.names.of_tables()]
        await asyncio.to_thread(ensure, carrier.servers, topics)
        connect = Connect(connect_url, url, carrier.names)
        await connect.register()
        try:
            yield carrier
        finally:
            await connect.unregister()


@pytest_asyncio.fixture(
    params=[
        pytest.param("log", marks=pytest.mark.adapter("log")),
        pytest.param("kafka", marks=pytest.mark.engine("kafka")),
        pytest.param("debezium", marks=pytest.mark.engine("connect")),
    ]
)
async def carrier(request: pytest.FixtureRequest, db: Database, bell: Bell, url: str) -> AsyncIterator[Carrier]:
    """Each way, one after the other."""
    async with AsyncExitStack() as stack:
        match request.param:
            case "log":
                yield ByTheLog(db, bell, url)
            case "kafka":
                yield await stack.enter_async_context(on_kafka(db, bell, url))
            case _:
                yield await stack.enter_async_context(by_debezium(db, bell, url))


@pytest_asyncio.fixture
async def kafka(db: Database, bell: Bell, url: str) -> AsyncIterator[ByKafka]:
    """Kafka with the relay as its publisher."""
    async with on_kafka(db, bell, url) as found:
        yield found


@pytest_asyncio.fixture
async def debezium(db: Database, bell: Bell, url: str) -> AsyncIterator[ByDebezium]:
    """Kafka with Debezium as its publisher."""
    async with by_debezium(db, bell, url) as found:
        yield found
