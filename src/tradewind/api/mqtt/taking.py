"""Takes messages into the shop: many in one transaction, and one that breaks it does not hold up the others."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from tradewind.api.mqtt.intake import Delivered, Intake, Outcome
from tradewind.kernel.errors import Stale, Unavailable
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log

TRIES: Final = 3
PAUSE_S: Final = 0.1


async def take(db: Database, intake: Intake, batch: Sequence[Delivered]) -> bool:
    """Take all of `batch` in; whether some of it became dead letters.

    Where the batch fails, each half is tried by itself, down to the one message that is to blame: it is tried again,
    then kept as a dead letter. Raises Unavailable and Stale, which no message is to blame for.
    """
    try:
        outcomes = await _together(db, intake, batch)
    except (Unavailable, Stale):
        raise
    except Exception as error:
        if len(batch) == 1:
            return await _alone(db, intake, batch[0], error)
        middle = len(batch) // 2
        first = await take(db, intake, batch[:middle])
        return await take(db, intake, batch[middle:]) or first
    return "refused" in outcomes


async def _together(db: Database, intake: Intake, batch: Sequence[Delivered]) -> Sequence[Outcome]:
    async with db.transaction(internal_call(intake.name)) as tx:
        outcomes = await intake.take(tx, batch)
        failpoint("mqtt.before_commit")
    failpoint("mqtt.after_commit")
    for outcome, count in Counter(outcomes).items():
        metrics.mqtt_messages_total.labels(intake.name, outcome).inc(count)
    return outcomes


async def _alone(db: Database, intake: Intake, message: Delivered, error: Exception) -> bool:
    for _ in range(TRIES - 1):
        await asyncio.sleep(PAUSE_S)
        try:
            return "refused" in await _together(db, intake, [message])
        except (Unavailable, Stale):
            raise
        except Exception as again:  # whatever breaks at this message must not stop those behind it
            error = again
    log.error("a message is given up", intake=intake.name, topic=message.topic, error=type(error).__name__)
    async with db.transaction(internal_call(intake.name)) as tx:
        intake.give_up(tx, message, f"It could not be handled: {type(error).__name__}.")
    metrics.mqtt_messages_total.labels(intake.name, "refused").inc()
    return True
