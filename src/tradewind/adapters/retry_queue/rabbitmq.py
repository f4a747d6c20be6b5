"""Retries wait in RabbitMQ: in a queue for each delay, whose messages expire into the queue of what is due.

No plugin is needed: each waiting queue has one time to live for all its messages, so that they expire in the order in
which they came, and dead-letters them. A delay between those of two queues waits in the longer one: late, never early.
Queues are quorum queues; what is published is confirmed, and goes from queue to queue at least once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import aio_pika
import msgspec
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError

from tradewind.kernel import clock
from tradewind.ports.retry_queue import Due, PutOff, Retry, RetryQueueAway
from tradewind.runtime.telemetry.logs import log

LADDER_S: Final = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0)
"""For how long messages wait: a queue each."""
GRACE_S: Final = 60.0
"""Rows are due this long after their time without a word of the broker."""
WITHIN_S: Final = 5.0
"""Longest that the broker may take for what it is asked."""
WAIT_S: Final = 0.5
"""Time between two looks at what has become due, where there was nothing."""
AT_ONCE: Final = 200
"""Messages that one process has and has not forgotten yet."""
MAX_WAITING: Final = 1_000_000
"""Messages in one queue; more are refused, and their rows are due by themselves."""
DELIVERIES: Final = 10
"""So often a message comes before it is a dead letter: whoever gets it dies of it, or of something else."""
TROUBLE: Final = (AMQPError, ChannelInvalidStateError, OSError, TimeoutError, StopAsyncIteration)
"""What the client raises where the broker is away, refuses, has closed a channel meanwhile, or hangs up before it has
said a word (the last one)."""


class RabbitRetryQueue:
    """The queues `<name>.wait.<milliseconds>`, `<name>.due` and `<name>.dead` of the broker at `url`."""

    def __init__(self, url: str, name: str, *, ladder_s: Sequence[float] = LADDER_S, grace_s: float = GRACE_S) -> None:
        self.grace_s = grace_s
        self._url, self._name, self._ladder_s = url, name, sorted(ladder_s)
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._held: list[AbstractIncomingMessage] = []
        self._due = f"{name}.due"
        self._opening = asyncio.Lock()

    async def put_off(self, those: Sequence[PutOff]) -> None:
        """See RetryQueue."""
        moment = clock.now()
        async with self._asking() as channel:
            await asyncio.gather(*(self._publish(channel, one, moment) for one in those))

    async def due(self) -> Due:
        """See RetryQueue. What this process has and was not done with comes first; what cannot be read goes away.

        Fetched, not pushed: of a consumer that the broker cancels the client says nothing but a line in its log.
        """
        async with self._asking() as channel:
            queue = await channel.get_queue(self._due, ensure=False)
            while len(self._held) < AT_ONCE and (message := await queue.get(fail=False)):
                if _read(message) is None:
                    log.error("a retry that cannot be read", queue=self._name)
                    await message.reject(requeue=False)
                else:
                    self._held.append(message)
        if not self._held:
            await asyncio.sleep(WAIT_S)
        return Due([retry for one in self._held if (retry := _read(one))], tuple(self._held))

    async def done(self, due: Due) -> None:
        """See RetryQueue. Those of a connection that is gone come again."""
        async with self._asking():
            for message in due.receipt or ():
                await message.ack()
        self._held = []

    async def close(self) -> None:
        """Hang up; what came and was not done comes again, to whoever asks."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            await connection.close()

    async def _publish(self, channel: AbstractChannel, one: PutOff, moment: datetime) -> None:
        wait_s = (one.due_at - moment).total_seconds()
        step_s = next((step for step in self._ladder_s if step >= wait_s), self._ladder_s[-1])
        body = msgspec.json.encode(one.retry)
        message = aio_pika.Message(
            body, content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )
        await channel.default_exchange.publish(message, self._waiting(step_s), mandatory=True)

    def _waiting(self, step_s: float) -> str:
        return f"{self._name}.wait.{round(step_s * 1_000)}"

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AbstractChannel]:
        """A channel, opened where there is none. Trouble is RetryQueueAway, and the connection is given up."""
        try:
            async with asyncio.timeout(WITHIN_S):
                async with self._opening:
                    if self._channel is None or self._channel.is_closed:
                        await self._open()
                    channel = self._channel
                assert channel is not None
                yield channel
        except TROUBLE as error:
            await self._give_up()
            raise RetryQueueAway(f"RabbitMQ: {type(error).__name__}") from None

    async def _give_up(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and not connection.is_closed:
            try:
                async with asyncio.timeout(WITHIN_S):
                    await connection.close()
            except TROUBLE:
                return

    async def _open(self) -> None:
        await self._give_up()
        self._held = []
        self._connection = await aio_pika.connect(self._url, timeout=WITHIN_S)
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        due, dead = self._due, f"{self._name}.dead"
        await channel.declare_queue(dead, durable=True, arguments=_quorum())
        letters = {**_dead_letters_to(dead), "x-delivery-limit": DELIVERIES}
        await channel.declare_queue(due, durable=True, arguments=_quorum(**letters))
        for step_s in self._ladder_s:
            more = {**_dead_letters_to(due), "x-message-ttl": round(step_s * 1_000)}
            await channel.declare_queue(self._waiting(step_s), durable=True, arguments=_quorum(**more))
        self._channel = channel


def _read(message: AbstractIncomingMessage) -> Retry | None:
    try:
        return msgspec.json.decode(message.body, type=Retry)
    except msgspec.MsgspecError:
        return None


def _quorum(**more: Any) -> dict[str, Any]:
    return {"x-queue-type": "quorum", "x-max-length": MAX_WAITING, "x-overflow": "reject-publish", **more}


def _dead_letters_to(queue: str) -> dict[str, Any]:
    return {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
    }
