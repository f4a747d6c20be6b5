"""Who speaks to a saga means one of their own: an id alone opens nothing."""

from dataclasses import replace
from typing import Final

import pytest

from tests.counters import on_behalf
from tests.trips import Trips
from tradewind.runtime.saga import signals

SLEEPS: Final = "UPDATE runtime.saga SET due_at = now() + interval '1 hour' WHERE id = $1"
ASKS: Final = "UPDATE runtime.saga SET lease_until = now() + interval '1 hour' WHERE id = $1"
ENDS: Final = "UPDATE runtime.saga SET phase = 'COMPLETED', due_at = NULL WHERE id = $1"
HINTED: Final = "SELECT hinted FROM runtime.saga WHERE id = $1"
ASLEEP: Final = "SELECT due_at > now() FROM runtime.saga WHERE id = $1"


async def test_nobody_holds_or_wakes_a_saga_by_the_definition_of_another(trips: Trips) -> None:
    """An id is all that it takes otherwise: a notice of a provider brings those of whoever asked it."""
    saga = trips.saga()
    other = replace(saga, name="cruise")
    [trip] = await trips.begin(saga, ready=False)
    await trips.db.pool.execute(SLEEPS, trip)
    async with trips.db.transaction(on_behalf()) as tx:
        assert await signals.hold(tx, [other], [trip]) == {}
        assert await signals.begun(tx, [other], [trip]) == frozenset()
        for speak in (signals.find, signals.wake):
            with pytest.raises(signals.NoSuchSaga):
                await speak(tx, [other], trip)
        await signals.wake_waiting(tx, [other], [trip])
        assert await tx.value(ASLEEP, trip)
        assert set(await signals.hold(tx, [other, saga], [trip])) == await signals.begun(tx, [saga], [trip]) == {trip}
        await signals.wake_waiting(tx, [saga], [trip])
        assert not await tx.value(ASLEEP, trip)


async def test_a_hint_finds_those_that_wait_those_that_are_asking_and_nobody_else(trips: Trips) -> None:
    saga = trips.saga()
    other = replace(saga, name="cruise")
    waiting, asking, over = await trips.begin(saga, 3, ready=False)
    await trips.db.pool.execute(SLEEPS, waiting)
    await trips.db.pool.execute(ASKS, asking)
    await trips.db.pool.execute(ENDS, over)
    async with trips.db.transaction(on_behalf()) as tx:
        await signals.hint(tx, [other], [waiting, asking, over])
        assert await tx.value(ASLEEP, waiting)
        await signals.hint(tx, [saga], [waiting, asking, over])
    assert not await trips.db.pool.fetchval(ASLEEP, waiting)
    assert [await trips.db.pool.fetchval(HINTED, one) for one in (waiting, asking, over)] == [True, True, False]
