"""The bell: rings cross processes, none is missed between a look and a wait, and a lost connection comes back."""

import asyncio
from typing import Final

from tests.counters import add, count_once
from tradewind.runtime.database import Database
from tradewind.runtime.wake import Bell

LISTENERS: Final = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
TERMINATE: Final = "SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS u (pid)"
FOR_EVER_S = 3600.0


async def listeners(db: Database, wanted: int, *, but: frozenset[int] = frozenset()) -> frozenset[int]:
    """Wait until so many listen who are not among `but`; who they are."""
    async with asyncio.timeout(20):
        while True:
            found = frozenset(row["pid"] for row in await db.pool.fetch(LISTENERS)) - but
            if len(found) == wanted:
                return found
            await asyncio.sleep(0.01)


async def test_a_commit_that_tells_rings_in_every_process(db: Database, url: str, bell: Bell) -> None:
    await add(db, "a")
    other_process = await Database.open(url, {}, db.policy, size=2)
    async with Bell(other_process, url) as other:
        await listeners(db, 3)  # and the shop's own
        before = bell.rings, other.rings
        await count_once(db, "a")
        async with asyncio.timeout(20):
            await bell.rung(FOR_EVER_S, since=before[0])
            await other.rung(FOR_EVER_S, since=before[1])
    await other_process.close()


async def test_a_ring_between_looking_and_waiting_is_not_missed(bell: Bell) -> None:
    seen = bell.rings
    bell.ring()
    async with asyncio.timeout(20):
        await bell.rung(FOR_EVER_S, since=seen)


async def test_nobody_waits_longer_than_asked(bell: Bell) -> None:
    await bell.rung(0.0)


async def test_a_bell_whose_connection_is_killed_listens_again(db: Database, url: str, bell: Bell) -> None:
    await add(db, "a")
    killed = await listeners(db, 2)
    seen = bell.rings
    await db.pool.execute(TERMINATE, list(killed))
    await listeners(db, 2, but=killed)
    async with asyncio.timeout(20):
        await bell.rung(FOR_EVER_S, since=seen)  # what was told meanwhile may be there: look


async def test_a_bell_that_is_put_away_hangs_up(db: Database, url: str) -> None:
    await listeners(db, 1)
    async with Bell(db, url):
        await listeners(db, 2)
    await listeners(db, 1)


async def test_who_is_canceled_at_the_very_moment_of_a_ring_is_canceled(bell: Bell) -> None:
    """Else a reader that is told to stop goes on reading, and whoever waits for its end waits for ever."""

    async def listen() -> None:
        await bell.rung(FOR_EVER_S)

    for steps_later in (0, 1, 2, 3) * 5:
        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
        bell.ring()
        rings = bell.rings
        while bell.rings == rings:  # noqa: ASYNC110 -- the next step is the ring's own
            await asyncio.sleep(0)
        for _ in range(steps_later):
            await asyncio.sleep(0)
        if listening.done():
            continue  # it was heard before
        listening.cancel()
        await asyncio.wait([listening], timeout=20)
        assert listening.cancelled()
