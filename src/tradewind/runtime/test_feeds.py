"""Who is idle: whoever feeds moves the places of those on, over all that was ever handed to them."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.counters import HEAR, Counted, add, count, heard, on_behalf, readable
from tradewind.runtime import feeds, relay
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.feeds import Feed
from tradewind.runtime.subscriptions import Subscriber


class Hearer:
    """Waits until it `may` hear; one that `fails` does so at the first time, and both hear alone from then on."""

    def __init__(self, name: str, may: asyncio.Event, *, fails: bool = False) -> None:
        self.name, self._may, self._fails = name, may, fails
        self.alone = asyncio.Event()
        self.subscriber = Subscriber(name, (Counted,), self.react, together=True)

    async def react(self, events: Sequence[Counted], tx: Tx) -> None:
        """Hear, or fail."""
        if self._fails:
            self._fails = False
            raise ValueError("cannot bear company")
        self.alone.set()
        await self._may.wait()
        for event in events:
            await tx.run(HEAR, self.name, event.name, event.version)


async def test_nobody_is_idle_for_whom_a_batch_waits_that_came_when_there_was_no_room(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "QUEUE", 1)
    monkeypatch.setattr(feeds, "TOGETHER_PACE_S", 1.0)
    await add(db, "a")
    may = asyncio.Event()
    one, other = Hearer("one", may, fails=True), Hearer("other", may)
    feed = Feed([one.subscriber, other.subscriber], db)
    monkeypatch.setattr(feeds, "TOGETHER_PACE_S", 0.0)  # of those that fall out
    async with db.transaction(on_behalf()) as tx:
        for _ in range(3):
            await count(tx, "a")
        await tx.run(relay.REGISTER, ["one", "other"])
    first, second, third = await readable(db, 3)
    running = asyncio.create_task(feed.run())
    try:
        await feed.put([first])
        async with asyncio.timeout(20):
            await asyncio.gather(one.alone.wait(), other.alone.wait())
            await asyncio.gather(feed.put([second]), feed.put([third]))
            may.set()
            while not feed.idle:  # noqa: ASYNC110 -- it is asked, as the relay asks it
                await asyncio.sleep(0.001)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await heard(db, "one") == await heard(db, "other") == [("a", 1), ("a", 2), ("a", 3)]
