"""What is published: the same bytes whoever publishes, nothing that breaks its schema, and everything."""

import asyncio
import json
from collections.abc import Callable, Sequence

import jsonschema_rs
import pytest
from aiohttp import ClientSession

from tests.adapters.log.brokers import Broker
from tests.adapters.log.conftest import TYPES, ByDebezium, ByKafka, running
from tests.adapters.log.listening import Listener, count_up
from tests.adapters.log.raw import messages
from tests.counters import Counted, add, count, heard, on_behalf
from tests.engines import address
from tradewind.adapters.log.kafka import publishing
from tradewind.adapters.log.kafka.connect import Connect
from tradewind.adapters.log.kafka.sending import Sender
from tradewind.adapters.log.kafka.topics import Names
from tradewind.contracts.envelope import EVENTS
from tradewind.kernel.ids import new_id
from tradewind.runtime import feeds
from tradewind.runtime.database import Database
from tradewind.runtime.reading import Logged
from tradewind.runtime.wake import Bell

TELL_NONSENSE = """
    INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload)
    VALUES (pg_current_xact_id()::text::bigint, gen_random_uuid(), $1, 'a', repeat('0', 32), 'c', '{"name": 7}')
"""
LATER = "test.runtime.counter.later.v1"
TELL_LATER = """
    INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload)
    VALUES (pg_current_xact_id()::text::bigint, gen_random_uuid(), $1, 'a', repeat('0', 32), 'c',
            '{"name": "a", "version": 9}')
"""
PUT_UP = """
    INSERT INTO catalog.products (id, sku, name, category, price_minor, currency)
    VALUES ($1, 'CDC-1', 'a thing', 'things', 700, 'EUR')
"""
PLACE = """
    INSERT INTO orders.orders (id, user_id, status, version, currency, items_minor, shipping_minor, tax_minor,
                               discount_minor, total_minor, placed_at, shipping_address)
    VALUES ($1, 'somebody', 'RESERVED', 1, 'EUR', 700, 0, 0, 0, 700, now(), '{"street": "a secret"}')
"""
HAVE = """
    WITH stock AS (
        INSERT INTO inventory.inventory_stock (sku, product_id, on_hand) VALUES ('CDC-1', $1, 3) RETURNING sku
    )
    INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor) SELECT $1, sku, 3, 'delivery', 'a clerk'
    FROM stock
"""
DEAD = "SELECT subscriber, reason FROM runtime.dead_letter"
WRITERS, EACH, KILLED = 8, 40, 5
pytestmark = pytest.mark.engine("kafka")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(feeds, "backoff_s", lambda _attempt: 0.0)


async def test_what_does_not_fit_its_schema_is_never_published(db: Database, kafka: ByKafka) -> None:
    await add(db, "a")
    one = Listener("one")
    await db.pool.execute(TELL_NONSENSE, Counted.TYPE)
    async with kafka.carrying(one.subscriber):
        await count_up(db, 2)
        await one.until(2)
    [letter] = await db.pool.fetch(DEAD)
    assert letter["subscriber"] == "(kafka)"
    assert letter["reason"].startswith("not published: ValidationError(")
    on_it = await messages(kafka.servers, kafka.names.topic(Counted.TYPE), 2)
    assert [json.loads(one.value)["payload"] for one in on_it] == [{"name": "a", "version": n} for n in (1, 2)]


async def test_what_only_a_later_release_knows_waits_until_that_publishes_it(
    db: Database, kafka: ByKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(db, "a")
    one, given_way = Listener("one"), asyncio.Event()
    real = publishing.known_first

    def knows(batch: Sequence[Logged]) -> Sequence[Logged]:
        try:
            return real(batch)
        except publishing.UnknownTypeError:
            given_way.set()
            raise

    monkeypatch.setattr(publishing, "known_first", knows)
    await count_up(db, 1)
    await db.pool.execute(TELL_LATER, LATER)
    await count_up(db, 1)
    async with running(kafka.bell, kafka.consumer(one.subscriber)):
        async with running(kafka.bell, kafka.publisher()):
            await one.until(1)
            async with asyncio.timeout(15):
                await given_way.wait()
            monkeypatch.setitem(EVENTS, LATER, Counted)  # as in the process of the later release
            async with asyncio.timeout(60), running(kafka.bell, kafka.publisher()):
                await one.until(2)
    assert not await db.pool.fetch(DEAD)
    on_it = await messages(kafka.servers, kafka.names.topic(Counted.TYPE), 3)
    assert sorted(json.loads(one.value)["eventType"] for one in on_it) == sorted([Counted.TYPE, Counted.TYPE, LATER])


async def test_an_envelope_is_canonical_and_its_headers_say_what_it_is(db: Database, kafka: ByKafka) -> None:
    await add(db, 'quoted "a" \\ ü')
    call = on_behalf()
    async with running(kafka.bell, kafka.publisher()):
        async with db.transaction(call) as tx:
            await count(tx, 'quoted "a" \\ ü')
        [message] = await messages(kafka.servers, kafka.names.topic(Counted.TYPE), 1)
    envelope, headers = json.loads(message.value), dict(message.headers)
    with open("src/tradewind/contracts/jsonschema/envelope.json", "rb") as file:
        jsonschema_rs.validate(json.load(file), envelope)
    assert message.key.decode() == envelope["partitionKey"] == 'quoted "a" \\ ü'
    assert envelope["payload"] == {"name": 'quoted "a" \\ ü', "version": 1}
    assert (envelope["traceId"], envelope["correlationId"]) == (call.trace_id, call.correlation_id)
    assert headers["id"].decode() == envelope["eventId"]
    assert headers["eventType"].decode() == envelope["eventType"] == Counted.TYPE
    assert headers["traceparent"].decode().split("-")[:2] == ["00", call.trace_id]


@pytest.mark.engine("connect")
async def test_relay_and_debezium_publish_the_same_bytes(
    db: Database, bell: Bell, debezium: ByDebezium, url: str
) -> None:
    relay = ByKafka(db, bell, url, debezium.servers)
    relay.names = Names(f"{debezium.names.prefix}relay.")
    await add(db, "a", "b", 'ü \\ "c"')
    async with running(bell, relay.publisher()):
        for name in ("a", "b", 'ü \\ "c"'):
            await count_up(db, 3, name)
        by_relay = await messages(relay.servers, relay.names.topic(Counted.TYPE), 9)
        by_debezium = await messages(debezium.servers, debezium.names.topic(Counted.TYPE), 9)
    assert len(by_relay) == 9
    for ours, theirs in zip(sorted(by_relay), sorted(by_debezium), strict=True):
        assert ours == theirs, "value, key, headers and partition"


async def test_what_is_sent_twice_because_the_publisher_died_is_heard_once(
    db: Database, kafka: ByKafka, arm: Callable[[dict[str, str]], None]
) -> None:
    await add(db, "a")
    one = Listener("one")
    await count_up(db, 5)
    arm({"publisher.before_moved": "raise@1"})
    dying = asyncio.create_task(kafka.publisher().run(asyncio.Event()))
    with pytest.raises(Exception, match=r"publisher\.before_moved"):
        await dying
    async with kafka.carrying(one.subscriber):
        await count_up(db, 1)
        await one.until(6)
        on_it = await messages(kafka.servers, kafka.names.topic(Counted.TYPE), 11)
    assert len({dict(one.headers)["id"] for one in on_it}) == 6
    assert len(on_it) == 11, "five of them twice, under the same id"
    assert await heard(db, "one") == [("a", n) for n in range(1, 7)]


async def test_a_producer_that_hears_no_acknowledgement_is_dropped_and_another_goes_on(
    db: Database, kafka: ByKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped, drop = asyncio.Event(), Sender.__aexit__

    async def drops(sender: Sender, *why: object) -> None:
        await drop(sender, *why)
        dropped.set()

    monkeypatch.setattr(Sender, "__aexit__", drops)
    monkeypatch.setattr(publishing, "UNHEARD_S", 1.0)
    await add(db, "a")
    one = Listener("one")
    async with kafka.carrying(one.subscriber):
        await count_up(db, 1)
        await one.until(1)
        with Broker(int(kafka.servers.rpartition(":")[2])).paused():
            await count_up(db, 5)
            async with asyncio.timeout(60):
                await dropped.wait()
        await one.until(6)
    assert await heard(db, "one") == [("a", n) for n in range(1, 7)]


async def test_nothing_is_lost_or_out_of_order_when_publishers_die_again_and_again(
    db: Database, kafka: ByKafka
) -> None:
    await add(db, *(f"w{n}" for n in range(WRITERS)))
    one = Listener("one", together=True)
    consumer = kafka.consumer(one.subscriber)

    async def write(n: int) -> None:
        for number in range(EACH):
            async with db.transaction(on_behalf()) as tx:
                await count(tx, f"w{n}")
                await tx.flush()
                await asyncio.sleep((number * 7 + n * 3) % 5 / 1000)  # commits come late, in another order

    async def kill_publishers() -> None:
        for number in range(KILLED):
            task = asyncio.create_task(kafka.publisher().run(asyncio.Event()))
            await one.until((number + 1) * WRITERS * EACH // (KILLED + 2))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async with running(kafka.bell, consumer):
        await asyncio.gather(kill_publishers(), *(write(n) for n in range(WRITERS)))
        async with running(kafka.bell, kafka.publisher()):
            await one.until(WRITERS * EACH)
    told = await heard(db, "one")
    for n in range(WRITERS):
        assert [version for name, version in told if name == f"w{n}"] == list(range(1, EACH + 1))


@pytest.mark.engine("connect")
async def test_the_relay_takes_over_from_debezium_and_nothing_happens_twice(
    db: Database, bell: Bell, debezium: ByDebezium
) -> None:
    await add(db, "a")
    one = Listener("one")
    async with running(bell, debezium.consumer(one.subscriber)):
        await count_up(db, 5)
        await one.until(5)
        async with running(bell, debezium.publisher()):  # sends all of it again
            await count_up(db, 5)
            await one.until(10)
            assert len(await messages(debezium.servers, debezium.names.topic(Counted.TYPE), 20)) == 20
            await count_up(db, 1)
            await one.until(11)
    assert await heard(db, "one") == [("a", n) for n in range(1, 12)]


@pytest.mark.engine("connect")
async def test_what_is_told_while_no_connector_is_registered_is_published_by_the_next(
    db: Database, bell: Bell, debezium: ByDebezium, url: str
) -> None:
    await add(db, "a")
    one, connect = Listener("one"), Connect(address("CONNECT_URL"), url, debezium.names)
    async with running(bell, debezium.consumer(one.subscriber)):
        await count_up(db, 3)
        await one.until(3)
        await connect.unregister()
        await count_up(db, 3)
        await connect.register()
        await one.until(6, within_s=40)
    assert await heard(db, "one") == [("a", n) for n in range(1, 7)]


@pytest.mark.engine("connect")
async def test_a_connector_that_somebody_paused_goes_on_once_it_is_registered_again(
    debezium: ByDebezium, url: str
) -> None:
    connect = Connect(address("CONNECT_URL"), url, debezium.names)
    async with ClientSession(address("CONNECT_URL")) as client:
        for name in connect.configurations:
            (await client.put(f"/connectors/{name}/pause", json={})).raise_for_status()
    async with asyncio.timeout(30):
        while {one.state for one in await connect.states()} != {"PAUSED"}:  # noqa: ASYNC110 -- Connect tells nobody
            await asyncio.sleep(0.1)
    assert {one.state for one in await connect.register()} == {"RUNNING"}


@pytest.mark.engine("connect")
async def test_rows_of_tables_are_captured_without_what_not_everybody_may_know(
    db: Database, debezium: ByDebezium
) -> None:
    await db.pool.execute(PLACE, new_id())
    await db.pool.execute(PUT_UP, new_id())
    await db.pool.execute(HAVE, new_id())
    [adjusted] = await messages(debezium.servers, debezium.names.of_tables()[1], 1)
    came = json.loads(adjusted.value)["after"]
    assert (came["sku"], came["delta"]) == ("CDC-1", 3)
    assert came.keys() == {"id", "sku", "delta", "per", "at", "reference"}
    [product] = await messages(debezium.servers, debezium.names.of_tables()[2], 1)
    [order] = await messages(debezium.servers, debezium.names.of_tables()[0], 1)
    assert json.loads(product.value)["after"]["sku"] == "CDC-1"
    placed = json.loads(order.value)
    assert (placed["op"], placed["after"]["status"], placed["after"]["total_minor"]) == ("c", "RESERVED", 700)
    assert placed["after"].keys() == {"id", "status", "version", "currency", "total_minor", "placed_at"}


def test_topics_are_one_a_context_and_one_a_captured_table() -> None:
    names = Names("mine.")
    types = ["ecommerce.order.order.created.v1", "ecommerce.order.order.paid.v1", "ecommerce.payment.payment.failed.v1"]
    assert names.of_events(types) == ["mine.ecommerce.order", "mine.ecommerce.payment"]
    assert names.of_tables() == [
        "mine.cdc.orders.orders", "mine.cdc.inventory.inventory_adjustment", "mine.cdc.catalog.products",
    ]  # fmt: skip
    assert TYPES == (Counted.TYPE,)


@pytest.mark.engine("connect")
async def test_a_connect_that_is_killed_loses_nothing_and_doubles_nothing(db: Database, debezium: ByDebezium) -> None:
    worker = Broker(int(address("CONNECT_URL").rpartition(":")[2].partition("/")[0]))
    await add(db, "a")
    one = Listener("one")
    async with debezium.carrying(one.subscriber):
        await count_up(db, 5)
        await one.until(5)
        await worker.kill()
        await count_up(db, 30)  # nobody who tells is held up
        worker.start()
        await one.until(35)
    assert await heard(db, "one") == [("a", n) for n in range(1, 36)]
