"""Takes in what is published: many messages in one transaction, each acknowledged only after the commit.

A message that was not acknowledged comes again, whoever died: QoS 1, and a broker that keeps what nobody acknowledged.
One worker consumes at a time (an advisory lock, held by a connection of its own); when it dies, another takes over.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import aiomqtt
import asyncpg

from tradewind.api.mqtt.address import understand
from tradewind.api.mqtt.client import Client
from tradewind.api.mqtt.intake import Delivered, Intake
from tradewind.api.mqtt.taking import take
from tradewind.kernel.errors import Stale, Unavailable
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import AWAY, Database
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.leading import LEAD, STANDBY_S
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log

BATCH: Final = 200
"""Messages taken in by one transaction, at most: orders wait for its locks. What waits in the broker is the buffer."""
LETTERS: Final = 100
"""Dead letters that are announced together."""
AT_LEAST_ONCE: Final = 1
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 5.0
LOCK: Final = "tradewind.mqtt"
STILL: Final = "SELECT 1"
_TROUBLE: Final = (aiomqtt.MqttError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable, Stale, *AWAY)


class Consumer:
    """Takes in every intake's topics in one process, as long as it leads."""

    def __init__(
        self, db: Database, intakes: Sequence[Intake], database_url: str, broker_url: str, *, silent_s: float = 10.0
    ) -> None:
        self._db, self._intakes, self._database_url = db, intakes, database_url
        self._at = understand(broker_url)
        self._silent_s = silent_s
        self._trouble = ""
        self._pause_s = FIRST_PAUSE_S

    async def run(self, stop: asyncio.Event) -> None:
        """Take in what comes, until `stop`. What is under way then is not acknowledged, and comes again."""
        consuming = asyncio.create_task(self._go_on())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((consuming, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        consuming.cancel()
        with suppress(asyncio.CancelledError):
            await consuming

    async def _go_on(self) -> None:
        while True:
            try:
                await self._stand_by()
            except* _TROUBLE as errors:
                self._complain(errors.exceptions[0])
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _complain(self, error: BaseException) -> None:
        """Log what is the matter, once until it is something else."""
        trouble = f"{type(error).__name__}: {error}"
        if trouble != self._trouble:
            log.warning("sensors are not heard", reason=trouble)
        self._trouble = trouble

    async def _stand_by(self) -> None:
        lock = await self._db.beside(self._database_url, self._silent_s)
        try:
            while not await lock.fetchval(LEAD, LOCK):  # noqa: ASYNC110 -- another process cannot set an event of ours
                await asyncio.sleep(STANDBY_S)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep(lock))
                await self._consume()
        finally:
            await lock.close(timeout=2)

    async def _keep(self, lock: Any) -> None:
        """Say that this process lives, and fail as soon as another may lead."""
        while True:
            await asyncio.sleep(self._silent_s / 4)
            await lock.fetchval(STILL)

    async def _consume(self) -> None:
        async with Client(self._at) as client:
            for intake in self._intakes:
                await client.subscribe(f"{intake.topics}/#", qos=AT_LEAST_ONCE)
                await self._announce(client, intake)
            self._trouble, self._pause_s = "", FIRST_PAUSE_S
            with metrics.mqtt_connected.track_inprogress():
                while True:
                    await self._turn(client, await client.waiting(BATCH))

    async def _turn(self, client: Client, batch: Sequence[aiomqtt.Message]) -> None:
        began = asyncio.get_running_loop().time()
        refused = []
        for intake in self._intakes:
            # what a broker retained is a state that it tells every subscriber; these messages are changes, told once
            own = [one for one in batch if one.topic.matches(f"{intake.topics}/#") and not one.retain]
            delivered = [Delivered(one.topic.value, bytes(one.payload)) for one in own]
            if delivered and await take(self._db, intake, delivered):
                refused.append(intake)
        failpoint("mqtt.before_ack")
        for message in batch:
            client.acknowledge(message)
        metrics.mqtt_batch_ms.observe((asyncio.get_running_loop().time() - began) * 1000)
        for intake in refused:
            await self._announce(client, intake)

    async def _announce(self, client: Client, intake: Intake) -> None:
        """Tell the dead-letter topic what it has not heard of; a letter may be told twice, under one id."""
        while True:
            async with self._db.reading(internal_call(intake.name)) as reading:
                letters = await intake.owed(reading, LETTERS)
            for letter in letters:
                await client.publish(intake.dead_letters, letter.body, qos=AT_LEAST_ONCE)
            failpoint("mqtt.before_announced")
            if letters:
                async with self._db.transaction(internal_call(intake.name)) as tx:
                    await intake.announced(tx, [letter.id for letter in letters])
            if len(letters) < LETTERS:
                return
