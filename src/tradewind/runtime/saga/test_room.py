"""How many sagas a runner holds: those whose peer says nothing leave room for others."""

import asyncio
from dataclasses import replace

import pytest

from tests.trips import Trips
from tradewind.runtime.saga import runner


async def test_sagas_whose_peer_says_nothing_leave_room_for_others(
    trips: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CLAIM", 1)
    monkeypatch.setattr(runner, "MAX_HELD", 3)
    monkeypatch.setattr(runner, "MAX_OF_KIND", 2)
    hanging, other = trips.saga(version=1), trips.saga(version=2)
    trips.gates["pay"] = asyncio.Event()
    await trips.begin(hanging, 5)
    async with trips.running(replace(other, earlier=(hanging,))):
        await trips.reached["pay"].wait()
        [trip] = await trips.begin(other)
        async with asyncio.timeout(20):
            while await trips.log(trip) != ["book"]:  # noqa: ASYNC110 -- a row has no event
                await asyncio.sleep(0.01)
        trips.gates["pay"].set()
        trips.gates.clear()
        await trips.until_phase("COMPLETED", 6)
