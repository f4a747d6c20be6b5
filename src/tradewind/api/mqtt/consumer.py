"""Takes in what is published: many messages in one transaction, each acknowledged only after the commit.

A message that was not acknowledged comes again, whoever died: QoS 1 and a session that the broker keeps. One worker
consumes at a time (an advisory lock, held by a connection of its own); when it dies, another takes over.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiomqtt
import asyncpg
import msgspec

from tradewind.api.mqtt.intake import Delivered, Intake
from tradewind.runtime import giving_way
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import AWAY, Database, DatabaseAway
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry.logs import log

CLIENT_ID: Final = "tradewind-intake"
"""The broker keeps the session under this name."""
BATCH: Final = 500
"""Messages taken in by one transaction, at most. What waits in the broker meanwhile is its buffer."""
AT_LEAST_ONCE: Final = 1
STANDBY_S: Final = 0.5
RETRY_S: Final = 0.5
TIMEOUT_S: Final = 10.0
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
LEAD: Final = "SELECT pg_try_advisory_lock(hashtext('tradewind.mqtt'))"
STILL: Final = "SELECT 1"


class Client(aiomqtt.Client):
    """A client whose messages count as received when it says so, not when they arrive."""

    def __init__(self, hostname: str, port: int, **options: Any) -> None:
        super().__init__(hostname, port, **options)
        self._client.manual_ack_set(True)

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Let the broker forget it."""
        self._client.ack(message.mid, message.qos)


class Consumer:
    """Takes in every intake's topics in one process, as long as it leads."""

    def __init__(
        self, db: Database, intakes: Sequence[Intake], database_url: str, broker_url: str, *, silent_s: float = 10.0
    ) -> None:
        self._db, self._intakes, self._database_url = db, intakes, database_url
        self._where = urlsplit(broker_url)
        self._silent_s = silent_s

    async def run(self, stop: asyncio.Event) -> None:
        """Take in what comes, until `stop`. What is under way then is not acknowledged, and comes again."""
        consuming = asyncio.create_task(self._go_on())
        await stop.wait()
        consuming.cancel()
        with suppress(asyncio.CancelledError):
            await consuming

    async def _go_on(self) -> None:
        while True:
            try:
                await self._stand_by()
            except (aiomqtt.MqttError, asyncpg.PostgresError, DatabaseAway, *AWAY) as error:
                log.warning("sensors are not heard", error=type(error).__name__, reason=str(error))
            await asyncio.sleep(RETRY_S)

    async def _stand_by(self) -> None:
        lock: Any = await asyncpg.connect(self._database_url, server_settings=giving_way.when_idle(self._silent_s))
        try:
            while not await lock.fetchval(LEAD):  # noqa: ASYNC110 -- another process cannot set an event of ours
                await asyncio.sleep(STANDBY_S)
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(self._keep(lock))
                await self._consume()
                keeping.cancel()
        except* (aiomqtt.MqttError, asyncpg.PostgresError, DatabaseAway, *AWAY) as errors:
            raise errors.exceptions[0] from None
        finally:
            await lock.close(timeout=2)

    async def _keep(self, lock: Any) -> None:
        """Say that this process lives, and fail as soon as another may lead."""
        while True:
            await asyncio.sleep(self._silent_s / 4)
            await lock.fetchval(STILL)

    async def _consume(self) -> None:
        async with self._connected() as client:
            for intake in self._intakes:
                await client.subscribe(intake.topics, qos=AT_LEAST_ONCE)
            while True:
                batch = await _waiting(client)
                for intake in self._intakes:
                    own = [one for one in batch if one.topic.matches(intake.topics)]
                    if own:
                        await self._take(client, intake, own)
                for message in batch:
                    client.acknowledge(message)

    async def _take(self, client: Client, intake: Intake, batch: Sequence[aiomqtt.Message]) -> None:
        delivered = [Delivered(one.topic.value, bytes(one.payload)) for one in batch]
        async with self._db.transaction(internal_call(intake.name)) as tx:
            answers = await intake.take(tx, delivered)
        failpoint("mqtt.after_commit")
        for one, reason in zip(delivered, answers, strict=True):
            if reason is not None:
                await client.publish(intake.dead_letters, _dead_letter(one, reason), qos=AT_LEAST_ONCE)

    def _connected(self) -> Client:
        where = self._where
        tls = aiomqtt.TLSParameters() if where.scheme == "mqtts" else None
        return Client(
            where.hostname or "localhost",
            where.port or PORTS[where.scheme],
            username=unquote(where.username) if where.username else None,
            password=unquote(where.password) if where.password else None,
            identifier=CLIENT_ID,
            clean_session=False,
            timeout=TIMEOUT_S,
            tls_params=tls,
        )


async def _waiting(client: Client) -> list[aiomqtt.Message]:
    """The next message, and at once whatever is there already."""
    messages = client.messages
    batch = [await anext(messages)]
    while len(messages) and len(batch) < BATCH:
        batch.append(await anext(messages))
    return batch


def _dead_letter(message: Delivered, reason: str) -> bytes:
    text = message.payload.decode(errors="replace")
    return msgspec.json.encode({"topic": message.topic, "payload": text, "reason": reason})
