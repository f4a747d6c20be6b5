"""Sends records to Kafka: idempotent, acknowledged by all replicas, in order, and never given up.

A producer that gives up one record and sends the next would break the order of a key. So nothing times out here: who
waits for acknowledgements decides when to drop the whole producer and begin again at what was acknowledged last.
"""

import asyncio
from collections.abc import Sequence
from threading import Event, Thread
from typing import Any, Final, NamedTuple, Self

from confluent_kafka import Producer

from tradewind.adapters.log.kafka.topics import LOGGER

POLL_S: Final = 0.1
LINGER_MS: Final = 1
CONFIG: Final[dict[str, Any]] = {
    "enable.idempotence": True,
    "acks": "all",
    "message.timeout.ms": 0,
    "linger.ms": LINGER_MS,
    "partitioner": "murmur2_random",  # as Java's producers do, Debezium among them
    "compression.type": "lz4",
    "reconnect.backoff.max.ms": 1000,
    "log_level": 3,
}


class Record(NamedTuple):
    """One event on its way to a topic."""

    topic: str
    key: str
    value: bytes
    headers: list[tuple[str, bytes]]


class Sender:
    """A producer and the thread that hears its acknowledgements."""

    def __init__(self, servers: str) -> None:
        self._producer = Producer({"bootstrap.servers": servers, **CONFIG}, logger=LOGGER)
        self._over = Event()
        self._thread = Thread(target=self._hear, name="kafka acknowledgements", daemon=True)

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._producer.purge(blocking=False)
        self._over.set()
        await asyncio.to_thread(self._thread.join)

    def _hear(self) -> None:
        while not self._over.is_set():
            self._producer.poll(POLL_S)

    def send(self, records: Sequence[Record]) -> asyncio.Future[None]:
        """Send them in this order; done when every one is acknowledged, failed when one was refused.

        The loop is woken once, not by each acknowledgement: these come by the hundred, in the thread that hears them.
        """
        loop = asyncio.get_running_loop()
        everything: asyncio.Future[None] = loop.create_future()
        left = len(records)

        def settle(error: Any) -> None:
            if everything.done():
                return
            if error is None:
                everything.set_result(None)
            else:
                everything.set_exception(RefusedError(str(error)))

        def heard(error: Any, _message: Any) -> None:
            nonlocal left
            left -= 1
            if error is not None or left == 0:
                loop.call_soon_threadsafe(settle, error)

        for one in records:
            self._producer.produce(one.topic, one.value, one.key, on_delivery=heard, headers=one.headers)
        if not records:
            everything.set_result(None)
        return everything


class RefusedError(RuntimeError):
    """The broker will never take this record, as it says."""
