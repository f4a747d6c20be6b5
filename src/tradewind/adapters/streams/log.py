"""Sums kept from the log itself: events below the horizon are added, and the place moved, in one transaction.

Who has no place yet begins anew: whatever sums there are were kept from Kafka, and the log holds all that made them.
"""

from typing import Any, Final, cast

import msgspec

from tradewind.adapters.streams.rows import ADD, EMPTY
from tradewind.ports.streams import HEARD, Gain, gains
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.places import MOVE, positions
from tradewind.runtime.reading import Logged, read
from tradewind.runtime.relay import REGISTER
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

BATCH: Final = 1_000
EVERY_S: Final = 1.0
NAME: Final = "(revenue)"
TYPES: Final = {event.TYPE: event for event in HEARD}


async def add_up(tx: Tx) -> int:
    """Add what the next events of the log come to; how many were read."""
    if await tx.run(REGISTER, [NAME]):
        await tx.run(EMPTY)  # what Quix Streams summed up meanwhile is in the log, too
    after = (await positions(tx, [NAME]))[NAME]
    batch = await read(tx.connection, after, BATCH)
    found = [gain for logged in batch if logged.type in TYPES for gain in _gains(logged)]
    if found:
        sizes, since, currencies, captured, refunded = map(list, zip(*found, strict=True))
        await tx.run(ADD, sizes, since, currencies, captured, refunded)
    if batch:
        await tx.run(MOVE, [NAME], *batch[-1].at)
    failpoint("revenue.before_commit")
    return len(batch)


def _gains(logged: Logged) -> list[Gain]:
    """What it comes to; nothing where it breaks its schema, which its own subscribers park."""
    try:
        return list(gains(cast(Any, logged.event), logged.row["occurred_at"]))
    except msgspec.ValidationError as error:
        log.error("event not added up", eventType=logged.type, position=logged.at.position, error=repr(error))
        return []


ADD_UP: Final = Timer("streams.revenue", EVERY_S, add_up)
