"""What lies on Kafka, read by a client that knows nothing of the shop; and messages that no shop would send."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer

from tradewind.kernel.ids import new_id


class Message(NamedTuple):
    """One message."""

    partition: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


async def messages(servers: str, topic: str, number: int) -> list[Message]:
    """The first messages of a topic, in the order of each partition."""
    return await asyncio.to_thread(_read, servers, topic, number)


def _read(servers: str, topic: str, number: int) -> list[Message]:
    found: list[Message] = []
    client = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": new_id().hex,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    client.subscribe([topic])
    silent = 0
    while len(found) < number and silent < 120:
        one: Any = client.poll(0.5)
        silent += one is None
        if one is not None and one.error() is None:
            found.append(Message(one.partition(), one.key(), one.value(), tuple(sorted(one.headers() or ()))))
    client.close()
    return found


async def first(servers: str, topic: str, fits: Callable[[Any], bool]) -> Any:
    """The first event of a topic, as its envelope says it, that fits; waits for it, a minute at most."""
    return await asyncio.to_thread(_first, servers, topic, fits)


def _first(servers: str, topic: str, fits: Callable[[Any], bool]) -> Any:
    client = Consumer({"bootstrap.servers": servers, "group.id": new_id().hex, "auto.offset.reset": "earliest"})
    client.subscribe([topic])
    try:
        until_s = monotonic() + 60
        while monotonic() < until_s:
            one: Any = client.poll(0.5)
            if one is not None and one.error() is None and fits(said := json.loads(one.value())):
                return said
        raise AssertionError(f"nothing on {topic} fits")
    finally:
        client.close()


async def send(servers: str, topic: str, key: str, value: bytes | None) -> None:
    """One message, acknowledged."""
    producer = Producer({"bootstrap.servers": servers, "acks": "all", "partitioner": "murmur2_random"})
    producer.produce(topic, value, key)
    assert await asyncio.to_thread(producer.flush, 60) == 0


@contextmanager
def hung_member(servers: str, group: str, topic: str) -> Iterator[None]:
    """A member of `group` that hangs: it says that it lives, and never that it gives its partitions back.

    Until the block is left the broker lets nobody else in: it waits for this one's answer.
    """
    assigned: list[Any] = []
    client = Consumer({"bootstrap.servers": servers, "group.id": group, "max.poll.interval.ms": 300_000})
    client.subscribe([topic], on_assign=lambda _client, found: assigned.extend(found))
    try:
        until_s = monotonic() + 60
        while not assigned:
            assert monotonic() < until_s, "nobody lets it in"
            client.poll(0.1)
        yield
    finally:
        client.close()
