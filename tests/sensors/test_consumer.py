"""Between broker and shelf: what breaks holds nobody up, what was refused is told, and who is idle writes nothing."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import aiomqtt
import pytest
from msgspec import json

from tests.importing.dumps import everything
from tests.sensors.brokers import Mosquitto
from tests.sensors.conftest import BOTH, OUTSIDE, Shelves, nothing_waits
from tests.sensors.fleet import Fleet, Told
from tests.shops import until
from tradewind.api.mqtt.address import understand
from tradewind.api.mqtt.consumer import Consumer
from tradewind.api.mqtt.intake import Delivered, Intake, Outcome
from tradewind.app.commands.dlq import list_letters, redrive_letter, show_letter
from tradewind.contexts.inventory.manifest import SENSORS
from tradewind.runtime.telemetry import metrics

WHERE: Final = ("mqtt.before_commit", "mqtt.after_commit", "mqtt.before_ack", "mqtt.before_announced")
SILENT_S: Final = 1.0
"""A consumer says four times in this time that it lives."""


def a_delta(delta: int, **more: Any) -> Told:
    return Told("A", json.encode({"delta": delta, "reason": "SENSOR", **more}))


@asynccontextmanager
async def consuming(shelves: Shelves, intake: Intake = SENSORS) -> AsyncIterator[None]:
    """Take in what comes, in this process."""
    stop = asyncio.Event()
    url = shelves.shop.engines.database_url
    task = asyncio.create_task(
        Consumer(shelves.shop.db, [intake], url, shelves.broker.shop, silent_s=SILENT_S).run(stop)
    )
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def overhearing(shelves: Shelves) -> AsyncIterator[aiomqtt.Client]:
    """Somebody who follows the dead-letter topic."""
    at = understand(shelves.broker.sensor)
    async with aiomqtt.Client(at.host, at.port, username=at.user, password=at.password) as client:
        await client.subscribe(SENSORS.dead_letters, qos=1)
        yield client


async def letter(client: aiomqtt.Client) -> dict[str, Any]:
    """The next announcement."""
    async with asyncio.timeout(30):
        message = await anext(client.messages)
    found: dict[str, Any] = json.decode(message.payload)
    return found


async def lies(shelves: Shelves, count: int) -> None:
    """Wait until so many of A lie there."""

    async def look() -> bool:
        return (await shelves.stock())["A"] == count

    assert await until(shelves.shop, look)


@pytest.mark.parametrize("shelves", BOTH, indirect=True)
async def test_what_cannot_be_used_is_told_on_its_topic_listed_and_redriven(shelves: Shelves) -> None:
    await shelves.fill(A=5)
    fleet = Fleet(shelves.broker.sensor)
    async with overhearing(shelves) as client, consuming(shelves):
        await fleet.tell([a_delta(-9, id="much"), a_delta(1), Told("A", b"{"), a_delta(-9, id="much")], sensors=1)
        heard = [await letter(client), await letter(client)]
        await lies(shelves, 6)
        assert [one["reason"][:40] for one in heard] == [
            "A: 5 on hand, 0 of them reserved; 9 cann",
            "The payload cannot be read: Input data w",
        ]
        first, second = await list_letters([shelves.shop], 10)
        assert [one.id for one in (first, second)] == [f"sensors/{one['id']}" for one in heard]
        shown = await show_letter([shelves.shop], second.id)
        assert json.decode(shown.payload or b"")["payload"] == "{"
        await fleet.tell([a_delta(10)], sensors=1)
        await lies(shelves, 16)
    await redrive_letter([shelves.shop], first.id)
    assert await shelves.stock() == {"A": 7}
    assert [one.id for one in await list_letters([shelves.shop], 10)] == [second.id]


@pytest.mark.parametrize("where", WHERE)
async def test_a_refused_message_is_one_letter_and_is_told_wherever_the_consumer_dies(
    shelves: Shelves, where: str
) -> None:
    async def all_announced() -> bool:
        return await shelves.count("sensor_dead_letter WHERE NOT announced") == 0

    await shelves.fill(A=5)
    await Fleet(shelves.broker.sensor).tell([a_delta(-9, id="much"), a_delta(-1), a_delta(-1)], sensors=1)
    hit = 2 if where == "mqtt.before_announced" else 1  # the first time there is nothing to announce yet
    dying = shelves.worker(FAILPOINTS=f"{where}=kill@{hit}")
    assert await dying.ended() == -signal.SIGKILL
    async with overhearing(shelves) as client, consuming(shelves):
        assert "9 cannot go" in (await letter(client))["reason"]
        await lies(shelves, 3)
        assert await until(shelves.shop, all_announced)
    assert len(await list_letters([shelves.shop], 10)) == 1


@pytest.mark.parametrize("where", ["mqtt.before_commit", "mqtt.after_commit"])
@pytest.mark.parametrize("shelves", BOTH, indirect=True)
async def test_a_consumer_that_was_paused_is_replaced_and_books_nothing_twice_when_it_comes_back(
    shelves: Shelves, where: str
) -> None:
    await shelves.fill(A=5)
    paused = shelves.worker(FAILPOINTS=f"{where}=stop@1")
    fleet = Fleet(shelves.broker.sensor)
    telling = asyncio.create_task(fleet.tell([a_delta(1, id=f"m{number}") for number in range(100)], sensors=1))
    await asyncio.to_thread(paused.stopped)
    other = shelves.worker()
    await telling
    await lies(shelves, 105)
    paused.resume()
    await fleet.tell([a_delta(1, id=f"m{number}") for number in range(50, 150)], sensors=1)
    await lies(shelves, 155)
    await nothing_waits(shelves)
    assert [await other.stop(), await paused.stop()] == [0, 0]
    assert await shelves.stock() == {"A": 155}


async def test_a_message_that_breaks_is_given_up_and_its_neighbours_are_booked(shelves: Shelves) -> None:
    async def breaking(tx: Any, messages: Sequence[Delivered]) -> Sequence[Outcome]:
        answers = await SENSORS.take(tx, messages)
        if any(b"broken" in one.payload for one in messages):
            raise RuntimeError("a bug")
        return answers

    await shelves.fill(A=5)
    told = [a_delta(1, id=f"m{number}") for number in range(40)]
    told[17] = a_delta(1, id="broken")
    before = metrics.mqtt_messages_total.labels("sensors", "refused")._value.get()
    await Fleet(shelves.broker.sensor).tell(told, sensors=1)
    async with overhearing(shelves) as client, consuming(shelves, replace(SENSORS, take=breaking)):
        assert (await letter(client))["reason"] == "It could not be handled: RuntimeError."
        await lies(shelves, 44)
    assert metrics.mqtt_messages_total.labels("sensors", "refused")._value.get() == before + 1
    (found,) = await list_letters([shelves.shop], 10)
    await redrive_letter([shelves.shop], found.id)
    assert await shelves.stock() == {"A": 45}


async def test_without_the_inbox_the_stock_is_wrong(shelves: Shelves) -> None:
    await shelves.fill(A=5)
    worker = shelves.worker(PLANTED_BUGS="sensors_without_inbox", TEST_BUILD="1")
    told = [a_delta(1, id=f"m{number % 50}") for number in range(100)]
    await Fleet(shelves.broker.sensor).tell(told, sensors=1)
    await nothing_waits(shelves)
    assert await shelves.stock() == {"A": 105}, "the planted bug must show, or the tests above would not notice it"
    assert await worker.stop() == 0


async def test_a_consumer_that_is_idle_writes_nothing(shelves: Shelves) -> None:
    await shelves.fill(A=5)
    async with consuming(shelves):
        await Fleet(shelves.broker.sensor).tell([a_delta(1)], sensors=1)
        await lies(shelves, 6)
        await nothing_waits(shelves)
        before = await everything(shelves.shop)
        await asyncio.sleep(2 * SILENT_S)
        assert await everything(shelves.shop) == before


@pytest.mark.parametrize("shelves", OUTSIDE, indirect=True)
async def test_what_an_outside_broker_retains_is_a_state_and_changes_nothing(shelves: Shelves) -> None:
    assert isinstance(shelves.broker, Mosquitto)
    await shelves.fill(A=5)
    at = understand(shelves.broker.sensor)
    async with aiomqtt.Client(at.host, at.port) as client:
        await client.publish("iot/inventory/A/delta", b'{"delta": 1}', qos=1, retain=True)
    async with consuming(shelves):
        await lies(shelves, 6)
    async with consuming(shelves):
        await Fleet(shelves.broker.sensor).tell([a_delta(10)], sensors=1)
        await lies(shelves, 16)
