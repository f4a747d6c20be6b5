"""Who speaks to a saga means one of their own: an id alone opens nothing."""

from dataclasses import replace
from typing import Final

import pytest

from tests.counters import on_behalf
from tests.trips import Trips
from tradewind.runtime.saga import signals

SLEEPS: Final = "UPDATE runtime.saga SET due_at = now() + interval '1 hour' WHERE id = $1"
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
