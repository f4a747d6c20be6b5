"""The smallest of contexts, for tests of what carries contexts: counters that are counted up, told of, and undone."""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from tradewind.contracts.messages import Event
from tradewind.runtime.call import Call, internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.reading import START, Logged, read
from tradewind.runtime.relay import HORIZON_POLL_S

CREATE: Final = """
    CREATE TABLE public.counter (name text PRIMARY KEY, version int NOT NULL DEFAULT 0);
    CREATE TABLE public.heard (who text NOT NULL, name text NOT NULL, version int NOT NULL,
                               place bigint GENERATED ALWAYS AS IDENTITY);
"""
ADD: Final = "INSERT INTO public.counter (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
COUNT: Final = "UPDATE public.counter SET version = version + 1 WHERE name = $1 RETURNING version"
READ: Final = "SELECT name, version FROM public.counter"
HEAR: Final = "INSERT INTO public.heard (who, name, version) VALUES ($1, $2, $3)"
HEARD: Final = "SELECT name, version FROM public.heard WHERE who = $1 ORDER BY place"


class Counted(Event, frozen=True):
    """A counter went up by one, to `version`."""

    TYPE = "test.runtime.counter.counted.v1"
    KEY: ClassVar[str] = "name"
    name: str
    version: int


def on_behalf(name: str = "test") -> Call:
    """A call of the system's own."""
    return internal_call(name)


async def add(db: Database, *names: str) -> None:
    """Begin counters at nothing."""
    await db.pool.execute(ADD, list(names))


async def count(tx: Tx, name: str) -> int:
    """Count up, having locked the counter, and tell it; the new version."""
    version: int = await tx.value(COUNT, name)
    tx.tell(Counted(name=name, version=version))
    return version


async def count_once(db: Database, name: str) -> int:
    """Count up in a transaction of its own."""
    async with db.transaction(on_behalf()) as tx:
        return await count(tx, name)


async def versions(db: Database) -> dict[str, int]:
    """Where every counter stands."""
    return {row["name"]: row["version"] for row in await db.pool.fetch(READ)}


async def heard(db: Database, who: str) -> Sequence[tuple[str, int]]:
    """What `who` wrote down, in the order of writing."""
    rows: Sequence[Any] = await db.pool.fetch(HEARD, who)
    return [(row["name"], row["version"]) for row in rows]


async def readable(db: Database, number: int) -> Sequence[Logged]:
    """So many events of the log, once all of them are below the horizon.

    The horizon is the whole cluster's: a transaction of another test, in another database, holds it back for a while.
    """
    async with asyncio.timeout(20):
        while len(found := await read(db.pool, START, number)) < number:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(HORIZON_POLL_S)
    return found
