"""Learn a projection's table again from the log: it is emptied, and its projection hears every event once more.

Emptying and going back to the log's beginning are one transaction, and each effect commits with its place, as always:
whoever dies in the middle leaves a table that is behind, and the next worker goes on with it. Nobody may hear events
meanwhile: a worker that had some in its hands would apply them in front of those that came before.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from msgspec import Struct

from tradewind.kernel.errors import Conflict
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.feeds import Feed
from tradewind.runtime.leading import LEAD
from tradewind.runtime.places import MOVE, USED_KAFKA, LogPlaces
from tradewind.runtime.reading import START, read
from tradewind.runtime.relay import BATCH, LOCK, REGISTER
from tradewind.runtime.subscriptions import Subscriber

DIGEST: Final = "SELECT row_count, checksum FROM runtime.digest_of($1::text::regclass)"
EMPTY: Final = "SELECT runtime.empty_table($1::text::regclass)"
REWIND: Final = "UPDATE runtime.position SET stamp = 0, position = 0, moved_at = now() WHERE subscriber = $1"


class EventsAreHeard(Conflict):
    """A worker hears events now: stop every worker of the shop first."""


class EventsComeByKafka(Conflict):
    """Events were heard by Kafka, where some may have come that this database's own log does not have."""


class Digest(Struct, frozen=True, rename="camel"):
    """What a table holds: equal tables have equal ones, in whichever order their rows lie."""

    rows: int
    checksum: str


class Replayed(Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of a replay: how many `events` were heard, and what the table held `before` and `after`."""

    projection: str
    events: int
    before: Digest
    after: Digest
    same: bool


async def digest(db: Database, projection: Subscriber) -> Digest:
    """What the projection's table holds now."""
    async with db.reading(internal_call("replay.look")) as tx:
        return await _digest(tx, projection)


async def replay(db: Database, url: str, projection: Subscriber) -> Replayed:
    """Empty the projection's table and have it hear the whole log. Refuses EventsAreHeard and EventsComeByKafka.

    An event that it cannot bear is parked as a dead letter, as at any other time.
    """
    async with _leading(url) as connection:
        await connection.execute(REGISTER, [projection.name])
        before = await _emptied(db, projection)
        events = await _heard(db, connection, projection)
        after = await digest(db, projection)
    return Replayed(projection=projection.name, events=events, before=before, after=after, same=before == after)


@asynccontextmanager
async def _leading(url: str) -> AsyncIterator[Any]:
    """A connection that holds the lead: no relay hears anything until it is closed."""
    connection: Any = await asyncpg.connect(url)
    try:
        if not await connection.fetchval(LEAD, LOCK):
            raise EventsAreHeard("A worker hears events now. Stop every worker of the shop, then replay.")
        if await connection.fetchval(USED_KAFKA):
            raise EventsComeByKafka("Events were heard by Kafka; this database's log may not have all of them.")
        yield connection
    finally:
        await connection.close(timeout=2)


async def _emptied(db: Database, projection: Subscriber) -> Digest:
    """Empty the table and go back to the log's beginning, in one transaction; what the table held."""
    async with db.transaction(internal_call("replay.empty")) as tx:
        held = await _digest(tx, projection)
        await tx.run(EMPTY, projection.table)
        await tx.run(REWIND, projection.name)
        tx.audit("replay.run", projection.name, rows=held.rows, checksum=held.checksum)
    return held


async def _heard(db: Database, connection: Any, projection: Subscriber) -> int:
    """Have it hear the log up to its end; how many events that were."""
    feed, cursor, events = Feed([projection], db, LogPlaces()), START, 0
    hearing = asyncio.create_task(feed.run())
    try:
        while batch := await read(connection, cursor, BATCH):
            await feed.put(batch)
            cursor = batch[-1].at
            events += sum(logged.type in feed.types for logged in batch)
        await feed.settled()
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
    await connection.execute(MOVE, [projection.name], *cursor)
    return events


async def _digest(tx: Tx, projection: Subscriber) -> Digest:
    row = await tx.row(DIGEST, projection.table)
    assert row is not None, "an aggregate has a row"
    return Digest(row["row_count"], row["checksum"])
