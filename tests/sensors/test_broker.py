"""The shop's own broker: who is let in, what they may say, and what it keeps."""

import asyncio
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import aiomqtt
import pytest
import pytest_asyncio

from tests.sensors.brokers import OwnBroker
from tradewind.adapters.sensor_broker.accounts import Accounts
from tradewind.adapters.sensor_broker.bounded import MAX_PACKET_BYTES
from tradewind.adapters.sensor_broker.feed import PACKET_IDS
from tradewind.adapters.sensor_broker.gate import Topics
from tradewind.adapters.sensor_broker.journal import TABLES
from tradewind.api.mqtt.address import understand
from tradewind.api.mqtt.client import Client
from tradewind.contexts.inventory.manifest import SENSORS

TOPIC: Final = "iot/inventory/A/delta"
DELTA: Final = b'{"delta": -2, "reason": "SENSOR"}'
SHORTLY_S: Final = 1.0
"""How long a client waits for what must not come; a broker that is slow makes no test red."""


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[OwnBroker]:
    """One that runs."""
    made = OwnBroker(tmp_path)
    await made.start()
    yield made
    await made.end(signal.SIGTERM)


def a_sensor(broker: OwnBroker, **different: Any) -> aiomqtt.Client:
    known: dict[str, Any] = {"username": "sensor", "password": broker.accounts.sensor, "timeout": 10.0}
    return aiomqtt.Client("127.0.0.1", broker.port, **(known | different))


async def refuses(client: aiomqtt.Client, filter_: str) -> bool:
    (answer,) = await client.subscribe(filter_, qos=1)
    return getattr(answer, "is_failure", True)


def the_shop(broker: OwnBroker) -> Client:
    return Client(understand(broker.shop))


async def hears(client: Client, count: int) -> list[aiomqtt.Message]:
    """So many messages, none of them acknowledged."""
    heard = list[aiomqtt.Message]()
    async with asyncio.timeout(30):
        while len(heard) < count:
            heard += await client.waiting(count - len(heard))
    return heard


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not look():  # noqa: ASYNC110 -- another process cannot set an event of ours
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "different",
    [
        {"username": None, "password": None},
        {"password": None},
        {"password": ""},
        {"password": "guessed"},
        {"username": "tradewind"},
        {"username": "nobody"},
        {"username": "", "password": ""},
        {"will": aiomqtt.Will(TOPIC, DELTA, qos=1)},
    ],
    ids=lambda different: ",".join(map(str, different.values()))[:30],
)
async def test_nobody_is_let_in_without_a_password_or_with_a_last_will(
    broker: OwnBroker, different: dict[str, Any]
) -> None:
    with pytest.raises(aiomqtt.MqttError):
        await a_sensor(broker, **different).__aenter__()
    assert broker.waiting() == 0


@pytest.mark.parametrize(
    "topic",
    [
        "other",
        "iot/inventory/A",
        "iot/inventory/A/delta/1/2",
        "iot/inventory//delta",
        "iot/A/delta",
        SENSORS.dead_letters,
    ],
)
async def test_a_sensor_that_publishes_elsewhere_is_cut_off_unacknowledged(broker: OwnBroker, topic: str) -> None:
    with pytest.raises(aiomqtt.MqttError):
        async with a_sensor(broker, timeout=SHORTLY_S) as sensor:
            await sensor.publish(topic, DELTA, qos=1)
    assert broker.waiting() == 0


async def test_a_sensor_hears_nothing_but_what_could_not_be_used(broker: OwnBroker) -> None:
    async with a_sensor(broker) as sensor, the_shop(broker) as shop:
        for filter_ in ("#", "iot/#", "iot/inventory/+/delta", "$SYS/#"):
            assert await refuses(sensor, filter_), filter_
        assert not await refuses(sensor, SENSORS.dead_letters)
        await sensor.publish(TOPIC, DELTA, qos=1)
        await shop.publish(SENSORS.dead_letters, b"why not", qos=1)
        async with asyncio.timeout(30):
            assert (await anext(sensor.messages)).payload == b"why not"
        assert len(sensor.messages) == 0
    assert broker.waiting() == 1


async def test_what_was_acknowledged_outlives_the_broker_and_is_handed_over_once_it_is_asked_for(
    broker: OwnBroker,
) -> None:
    async with a_sensor(broker) as sensor:
        for number in range(5):
            await sensor.publish(TOPIC, b"%d" % number, qos=1)
    await broker.restart()
    async with the_shop(broker) as shop:
        await shop.subscribe(f"{SENSORS.topics}/#", qos=1)
        first = await hears(shop, 5)
        for message in first[:2]:
            shop.acknowledge(message)
        await until(lambda: broker.waiting() == 3)
    await broker.restart()
    async with the_shop(broker) as shop:
        await shop.subscribe(f"{SENSORS.topics}/#", qos=1)
        again = await hears(shop, 3)
        for message in again:
            shop.acknowledge(message)
        await until(lambda: broker.waiting() == 0)
    assert [message.payload for message in first] == [b"0", b"1", b"2", b"3", b"4"]
    assert [str(message.topic) for message in again] == [str(message.topic) for message in first[2:]]
    assert len({str(message.topic) for message in first}) == 5


async def test_packet_ids_that_begin_again_mix_no_messages_up(tmp_path: Path) -> None:
    broker = OwnBroker(tmp_path)
    with closing(sqlite3.connect(broker.journal)) as file:
        file.executescript(TABLES)
        file.execute("INSERT INTO sqlite_sequence VALUES ('message', ?)", (PACKET_IDS - 3,))
        file.commit()
    await broker.start()
    async with a_sensor(broker) as sensor, the_shop(broker) as shop:
        await shop.subscribe(f"{SENSORS.topics}/#", qos=1)
        for number in range(8):
            await sensor.publish(TOPIC, b"%d" % number, qos=1)
        heard = await hears(shop, 8)
        for message in heard[1:]:
            shop.acknowledge(message)
        await until(lambda: broker.waiting() == 1)
    assert [message.payload for message in heard] == [b"%d" % number for number in range(8)]
    assert {message.mid for message in heard} > {1, PACKET_IDS}
    await broker.end(signal.SIGTERM)


async def test_a_message_keeps_the_id_that_its_sensor_put_below_the_topic(broker: OwnBroker) -> None:
    async with a_sensor(broker) as sensor, the_shop(broker) as shop:
        await shop.subscribe(f"{SENSORS.topics}/#", qos=1)
        await sensor.publish(f"{TOPIC}/mine", DELTA, qos=1)
        (message,) = await hears(shop, 1)
    assert str(message.topic) == f"{TOPIC}/mine"


async def test_a_retained_message_is_handed_over_once_and_to_no_later_subscriber(broker: OwnBroker) -> None:
    async with a_sensor(broker) as sensor:
        await sensor.publish(TOPIC, DELTA, qos=1, retain=True)
    for expected in (1, 0):
        async with the_shop(broker) as shop:
            await shop.subscribe(f"{SENSORS.topics}/#", qos=1)
            for message in await hears(shop, expected):
                shop.acknowledge(message)
            await until(lambda: broker.waiting() == 0)
            assert len(shop.messages) == 0


@pytest.mark.parametrize("bound", [("--most", "2"), ("--most-bytes", str(2 * len(DELTA)))], ids=["count", "bytes"])
async def test_a_journal_that_is_full_acknowledges_nothing_until_the_shop_is_back(
    tmp_path: Path, bound: tuple[str, str]
) -> None:
    broker = OwnBroker(tmp_path, *bound)
    await broker.start()
    async with a_sensor(broker) as sensor:
        for _ in range(2):
            await sensor.publish(TOPIC, DELTA, qos=1)
    with pytest.raises(aiomqtt.MqttError):
        async with a_sensor(broker, timeout=SHORTLY_S) as sensor:
            await sensor.publish(TOPIC, DELTA, qos=1)
    assert broker.waiting() == 2
    async with the_shop(broker) as shop:
        await shop.subscribe(f"{SENSORS.topics}/#", qos=1)
        for message in await hears(shop, 2):
            shop.acknowledge(message)
        await until(lambda: broker.waiting() == 0)
    async with a_sensor(broker) as sensor:
        await sensor.publish(TOPIC, DELTA, qos=1)
    assert broker.waiting() == 1
    assert "wait for the shop; no more are taken" in (tmp_path / "broker.log").read_text()
    await broker.end(signal.SIGTERM)


async def test_a_megabyte_is_taken_and_what_is_absurd_is_not_even_read(broker: OwnBroker) -> None:
    async with a_sensor(broker) as sensor:
        await sensor.publish(TOPIC, b"x" * 1_000_000, qos=1)
    with pytest.raises(aiomqtt.MqttError):
        async with a_sensor(broker, timeout=SHORTLY_S) as sensor:
            await sensor.publish(TOPIC, b"x" * (MAX_PACKET_BYTES + 1), qos=1)
    assert broker.waiting() == 1


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\xff\x7f", b"\x10\x02\x00", b"\xf0\x00"])
async def test_noise_on_the_wire_harms_nobody_who_speaks_mqtt(broker: OwnBroker, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", broker.port)) as connection:
        connection.sendall(noise)
    async with a_sensor(broker) as sensor:
        await sensor.publish(TOPIC, DELTA, qos=1)


def test_passwords_are_made_up_once_and_for_the_shops_user_only(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "sensors.json"
    made = Accounts.open(file)
    assert Accounts.open(file) == made
    assert made.tradewind != made.sensor
    assert file.stat().st_mode & 0o777 == 0o600
    assert made.knows("sensor", made.sensor)
    assert not made.knows("sensor", made.tradewind)


def test_a_delta_has_one_level_for_the_sku_and_perhaps_one_for_its_id() -> None:
    topics = Topics(SENSORS.topics, SENSORS.dead_letters)
    assert topics.is_delta(TOPIC)
    assert topics.is_delta(f"{TOPIC}/1")
    assert not topics.is_delta(f"{TOPIC}/")
    assert not topics.is_delta("iot/inventory/A/B/delta")
